import { crashes } from './crashes.ts'
import { acknowledged, repeated } from './deliveries.ts'
import { deadOwners, oneOwner } from './owners.ts'
import { killedOften } from './killing.ts'
import { poisoned } from './poisoned.ts'
import { repaired } from './repair.ts'
import { stoppedBusy } from './stopping.ts'
import { zombies } from './zombies.ts'
import type { Trial } from './trial.ts'

/** All trials: one line for each, in the order of their numbers. */
// prettier-ignore
export const TRIALS: readonly Trial[] = [
  crashes,
  acknowledged,
  zombies,
  oneOwner,
  deadOwners,
  repeated,
  killedOften,
  poisoned,
  repaired,
  stoppedBusy,
]
