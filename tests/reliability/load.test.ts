import { describe } from 'vitest'
import { flood } from './flood.ts'
import { prove } from './prove.ts'
import { weight } from './weight.ts'

describe('load', () => {
  prove(weight)
  prove(flood)
})
