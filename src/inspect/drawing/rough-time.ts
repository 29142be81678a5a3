const UNITS = [
  ['d', 864e5],
  ['h', 36e5],
  ['m', 6e4],
  ['s', 1e3],
] as const

/** A measured time as a person says it, in its two largest units: `2m 5s`, `3d 4h`, `850ms`. */
export function roughly(ms: number): string {
  const first = UNITS.findIndex(([, size]) => ms >= size)
  if (first < 0) return `${Math.round(ms)}ms`
  if (first === 3 && ms < 1e4) return `${Math.floor(ms / 100) / 10}s`
  const [unit, size] = UNITS[first] ?? UNITS[3]
  const rest = UNITS[first + 1]
  const more = rest ? Math.floor((ms % size) / rest[1]) : 0
  return `${Math.floor(ms / size)}${unit}${rest && more > 0 ? ` ${more}${rest[0]}` : ''}`
}
