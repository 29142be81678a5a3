import { poisoned } from './poisoned.ts'
import { prove } from './prove.ts'

prove(poisoned)
