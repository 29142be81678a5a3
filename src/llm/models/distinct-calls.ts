import type { ToolCall } from '../model.ts'

/** Ids that a server gave twice, or not at all, are made anew: an answer to one call, or what a person says of it, is for that one. */
export function distinctCalls(calls: readonly ToolCall[]): readonly ToolCall[] {
  const seen = new Set<string>()
  return calls.map((call, i) => {
    let id = call.id === '' ? `call-${i}` : call.id
    while (seen.has(id)) id = `${id}-${i}`
    seen.add(id)
    return { ...call, id }
  })
}
