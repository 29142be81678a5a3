import { it } from 'vitest'
import { hasRedis } from '../support/redis.ts'
import type { Trial } from './trial.ts'

/** The trial as a test, at its small size. */
export function prove({ id, title, run, redis = false }: Trial): void {
  it.skipIf(redis && !hasRedis)(`${id} ${title}`, { timeout: 180_000 }, async () => {
    await run('ci', () => undefined)
  })
}
