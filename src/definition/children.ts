import { isChild, type Definition } from './definition.ts'
import type { AnyClass } from './shape.ts'

/** The workflows that runs of this one start child runs of. */
export function childrenOf({ states }: Definition): readonly AnyClass[] {
  return [...states.values()].flatMap((state) => {
    if (state.kind === 'child') return [state.child.workflow]
    return state.kind === 'map' && isChild(state.item) ? [state.item.workflow] : []
  })
}
