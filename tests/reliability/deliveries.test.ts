import { acknowledged, repeated } from './deliveries.ts'
import { prove } from './prove.ts'

prove(acknowledged)
prove(repeated)
