import { describe } from 'vitest'
import { prove } from './prove.ts'
import { repaired } from './repair.ts'

describe('damage that is mended', () => {
  prove(repaired)
})
