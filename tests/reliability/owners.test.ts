import { killedOften } from './killing.ts'
import { deadOwners, oneOwner } from './owners.ts'
import { prove } from './prove.ts'
import { zombies } from './zombies.ts'

prove(zombies)
prove(oneOwner)
prove(deadOwners)
prove(killedOften)
