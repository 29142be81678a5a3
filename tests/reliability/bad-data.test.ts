import { describe } from 'vitest'
import { documents, rowDamage } from './damage.ts'
import { prove } from './trial.ts'
import { values } from './values.ts'

describe('bad data', () => {
  prove(documents)
  prove(rowDamage)
  prove(values)
})
