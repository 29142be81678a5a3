import { poisoned } from './poisoned.ts'
import { prove } from './prove.ts'
import { stoppedBusy } from './stopping.ts'

prove(poisoned)
prove(stoppedBusy)
