import { describe } from 'vitest'
import { documents, rowDamage } from './damage.ts'
import { prove } from './prove.ts'
import { values } from './values.ts'

describe('bad data', () => {
  prove(documents)
  prove(rowDamage)
  prove(values)
})
