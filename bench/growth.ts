import { createEngine } from '../src/index.ts'
import { fresh } from './fresh.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'
import { Bench, datum } from './workflows.ts'

const STEPS = 200
const MB = 1e6

interface Grown {
  readonly ms: number
  readonly stored: number
  readonly handed: number
  readonly file: number
}

/** A chat that gains 10 KB with each of 200 steps: what is stored, handed over and written, and a resume after it. */
export async function growth(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (!target.durable) return []
  const measure = <T>(what: string, name: string): T =>
    fresh<T>('growth-process', what, target.store, String(target.engine(name)), STEPS)
  const metered = measure<Grown>('metered', 'growth-metered')
  const rounds = Array.from({ length: scale === 'small' ? 2 : 6 }, (_, round) => {
    const before = target.written?.() ?? 0
    const ours = measure<Grown>('engine', `growth-${round}`)
    const file = target.written ? target.written() - before : ours.file
    return { ms: ours.ms, file, floor: measure<{ ms: number; payload: number }>('floor', `growth-${round}`) }
  }).slice(1)
  const place = { name: 'growth', store: target.store }
  const payload = (rounds[0]?.floor.payload ?? NaN) / MB
  const megabytes = (bytes: number) => ({ n: STEPS, value: bytes / MB, unit: 'MB', floor: payload })
  const ms = {
    n: STEPS,
    value: median(rounds.map((each) => each.ms)),
    unit: 'ms',
    floor: median(rounds.map(({ floor }) => floor.ms)),
  }
  return [
    row(place, 'stored', megabytes(metered.stored)),
    row(place, 'handed to the store', megabytes(metered.handed)),
    row(place, 'written to the file', megabytes(median(rounds.map(({ file }) => file)))),
    row(place, 'ms for all steps', ms),
    await resumed(target, rounds.length),
  ]
}

/** A fresh process resumes the grown run and, in turns, one that is small; each round another copy, since a resume adds to it. */
async function resumed(target: Target, rounds: number): Promise<Row> {
  const [grown, small]: [number[], number[]] = [[], []]
  for (let round = 1; round <= rounds; round++) {
    const name = `growth-small-${round}`
    await rest(target, name)
    const resume = (at: string): number =>
      fresh('resume-process', 'engine', target.store, String(target.engine(at)))
    grown.push(resume(`growth-${round}`))
    small.push(resume(name))
  }
  const times = { value: median(grown), unit: 'ms', floor: median(small) }
  return row({ name: 'growth', store: target.store }, 'resume beside a small run', { n: STEPS, ...times })
}

async function rest(target: Target, name: string): Promise<void> {
  const engine = createEngine({
    workflows: [Bench],
    store: target.engine(name),
    onWarning: () => undefined,
  })
  const waits = new Promise<void>((resolve) =>
    engine.subscribe(({ run }) => run.status === 'waiting' && resolve()),
  )
  await engine.start(Bench, datum(0, 0) as never, { id: 'r' })
  await waits
  await engine.close()
}
