import { instantMap } from './instant-map.ts'
import type { Row } from './row.ts'
import type { Scale } from './scale.ts'
import type { Target } from './targets.ts'
import { killedMap, slowMap } from './slow-map.ts'

/** Maps: of items that do nothing, of items that take a millisecond, and of one that is killed half way. */
export async function map(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (!target.durable) return []
  return [...instantMap(target, scale), ...slowMap(target, scale), ...(await killedMap(target, scale))]
}
