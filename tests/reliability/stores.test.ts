import { describe } from 'vitest'
import { lies } from './lies.ts'
import { prove } from './prove.ts'

describe('stores', () => {
  prove(lies)
})
