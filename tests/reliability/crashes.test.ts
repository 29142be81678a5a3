import { crashes } from './crashes.ts'
import { prove } from './prove.ts'

prove(crashes)
