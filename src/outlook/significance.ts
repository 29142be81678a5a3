/** So many of so many. */
export interface Share {
  readonly count: number
  readonly of: number
}

/**
 * How likely it is that two shares differ so much or more if both come from one source: Fisher's exact test of two
 * proportions, two-sided. Exact for small numbers too, so nothing has to be assumed of their size.
 */
export function chanceOfDifference(a: Share, b: Share): number {
  const all = a.of + b.of
  const hits = a.count + b.count
  const whole = logChoose(all, hits)
  const logOf = (k: number): number => logChoose(a.of, k) + logChoose(b.of, hits - k) - whole
  const seen = logOf(a.count) + 1e-9 // equals are to be counted whatever rounding did
  let sum = 0
  for (let k = Math.max(0, hits - b.of); k <= Math.min(a.of, hits); k++) {
    const log = logOf(k)
    if (log <= seen) sum += Math.exp(log)
  }
  return Math.min(1, sum)
}

/**
 * Which of many comparisons count, so that the chance of even one false alarm among them stays under `level`: Holm's
 * step-down correction.
 */
export function significant(chances: readonly number[], level: number): readonly boolean[] {
  const order = chances.map((chance, i) => [chance, i] as const).sort(([a], [b]) => a - b)
  const counts = chances.map(() => false)
  for (const [rank, [chance, i]] of order.entries()) {
    if (chance > level / (chances.length - rank)) break
    counts[i] = true
  }
  return counts
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

const LOGS: number[] = [0]

/** Summed up to 10,000, Stirling's series beyond: its error is under 1e-16 there. */
function logFactorial(n: number): number {
  if (n > 10_000) {
    return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3)
  }
  for (let i = LOGS.length; i <= n; i++) LOGS.push((LOGS[i - 1] ?? 0) + Math.log(i))
  return LOGS[n] ?? 0
}
