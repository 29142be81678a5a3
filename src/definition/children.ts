import { isChild, type Definition } from './definition.ts'
import { readDefinition } from './read-definition.ts'
import type { AnyClass } from './shape.ts'

/** The workflows that runs of this one start child runs of. */
export function childrenOf({ states }: Definition): readonly AnyClass[] {
  return [...states.values()].flatMap((state) => {
    if (state.kind === 'child') return [state.child.workflow]
    return state.kind === 'map' && isChild(state.item) ? [state.item.workflow] : []
  })
}

/** A workflow and those of its child runs, however deep, each once. */
export function familyOf(workflow: AnyClass): readonly AnyClass[] {
  const family = new Set([workflow])
  for (const member of family) for (const child of childrenOf(readDefinition(member))) family.add(child)
  return [...family]
}
