/**
 * Whether two names look like one that was misspelt: one letter is changed, left out, added or exchanged with its
 * neighbour, or only the case differs. Not so: short names, numbers (`page1`, `page2`), and endings (`charge`, `charged`).
 */
export function areAlike(a: string, b: string): boolean {
  if (a === b) return false
  if (a.toLowerCase() === b.toLowerCase()) return true
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (short.length < SHORTEST || long.length - short.length > 1) return false
  let from = 0
  while (from < short.length && short[from] === long[from]) from++
  const rest = (text: string, skipped: number): string => text.slice(from + skipped)
  const [left = '', right = ''] = [short[from], long[from]]
  if (/\d/.test(left + right)) return false
  if (long.length > short.length) return from < short.length && rest(short, 0) === rest(long, 1)
  if (rest(short, 1) === rest(long, 1)) return from < short.length - 1
  return left === long[from + 1] && right === short[from + 1] && rest(short, 2) === rest(long, 2)
}
const SHORTEST = 5

/** The one among others that a name is alike to. */
export function closest(name: string, others: Iterable<string>): string | undefined {
  return [...others].find((other) => areAlike(name, other))
}
