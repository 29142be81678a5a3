import { clocks } from './clocks.ts'
import { crashes } from './crashes.ts'
import { documents, rowDamage } from './damage.ts'
import { acknowledged, repeated } from './deliveries.ts'
import { disk } from './disk.ts'
import { flood } from './flood.ts'
import { killedOften } from './killing.ts'
import { lies } from './lies.ts'
import { meeting } from './meeting.ts'
import { deadOwners, oneOwner } from './owners.ts'
import { poisoned } from './poisoned.ts'
import { redisTrouble } from './redis-trouble.ts'
import { repaired } from './repair.ts'
import { stoppedBusy } from './stopping.ts'
import { stubborn } from './stubborn.ts'
import type { Trial } from './trial.ts'
import { values } from './values.ts'
import { weight } from './weight.ts'
import { zombies } from './zombies.ts'

/** All trials: one line for each, in the order of their numbers. R22 is `npm run simulate`. */
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
  clocks,
  redisTrouble,
  lies,
  documents,
  rowDamage,
  repaired,
  disk,
  values,
  meeting,
  stubborn,
  weight,
  flood,
  stoppedBusy,
]
