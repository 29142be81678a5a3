import { describe } from 'vitest'
import { disk } from './disk.ts'
import { lies } from './lies.ts'
import { prove } from './prove.ts'
import { redisTrouble } from './redis-trouble.ts'

describe('stores', () => {
  prove(redisTrouble)
  prove(lies)
  prove(disk)
})
