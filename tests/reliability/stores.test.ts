import { describe } from 'vitest'
import { hasRedis } from '../support/redis.ts'
import { disk } from './disk.ts'
import { lies } from './lies.ts'
import { redisTrouble } from './redis-trouble.ts'
import { prove } from './trial.ts'

describe('stores', () => {
  prove(redisTrouble, !hasRedis)
  prove(lies)
  prove(disk)
})
