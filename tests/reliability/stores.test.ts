import { describe } from 'vitest'
import { lies } from './lies.ts'
import { prove } from './trial.ts'

describe('stores', () => {
  prove(lies)
})
