import { describe } from 'vitest'
import { flood } from './flood.ts'
import { prove } from './trial.ts'
import { weight } from './weight.ts'

describe('load', () => {
  prove(weight)
  prove(flood)
})
