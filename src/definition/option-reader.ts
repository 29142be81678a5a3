import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { ErrorMatch } from '../model/failure.ts'
import { readRetry, type RetryTable } from '../model/retry.ts'
import type { Declared } from './declared.ts'
import type { AwaitedSignal, CatchEdge, ExpiryEdge, VisitsEdge, Work } from './definition.ts'
import type { Problem } from './refusal.ts'
import type { Key } from './shape.ts'

type Options = Readonly<Record<string, unknown>>

/** Reads the options of decorators and notes what is wrong with them, each with its place. */
export class OptionReader {
  readonly #declared: Declared
  readonly #problems: Problem[]
  /** The state that is being read: what is wrong is wrong there. */
  state: string | undefined

  constructor(declared: Declared, problems: Problem[]) {
    this.#declared = declared
    this.#problems = problems
  }

  /** How a method is tried. */
  work(method: string, options: Options, where: string): Work {
    const none = { maxAttempts: 1, initialIntervalMs: 0, coefficient: 1, maxIntervalMs: 0 }
    return {
      method,
      retry: this.attempt({ ...none, jitter: 'full', rules: [] }, () =>
        readRetry((options['retry'] ?? {}) as RetryTable, where),
      ),
      timeoutMs: this.duration(options['timeout'] ?? '5m', `${where}: timeout`) ?? 0,
      heartbeatMs: this.duration(options['heartbeat'], `${where}: heartbeat`),
    }
  }

  /** Milliseconds, or `undefined` where nothing is given. */
  duration(option: unknown, where: string): number | undefined {
    return option === undefined ? undefined : this.attempt(0, () => toMs(option as Duration, where))
  }

  /** A whole number of at least `least`. */
  count(option: unknown, otherwise: number, least: number, where: string): number {
    if (option === undefined) return otherwise
    if (Number.isSafeInteger(option) && (option as number) >= least) return option as number
    this.problem(`${where} is ${quote(option)}, not a whole number of ${least} or more`)
    return otherwise
  }

  catches(option: unknown, of: CatchEdge['of'], where: string, transaction?: string): readonly CatchEdge[] {
    if (option === undefined) return []
    const list = Array.isArray(option) ? (option as unknown[]) : [option]
    return list.map((one, i) => {
      const here = list.length > 1 ? `${where}[${i}]` : where
      const { error } = (one ?? {}) as { error?: unknown }
      const errors = (error === undefined ? [] : [error].flat()) as ErrorMatch[]
      if (errors.some((match) => typeof match !== 'function' && typeof match !== 'string'))
        this.problem(`${here}.error is ${quote(error)}, not an error class or the name or code of an error`)
      return { ...this.edge(one, here), errors, of, transaction } as CatchEdge
    })
  }

  expiry(option: unknown, where: string): ExpiryEdge | undefined {
    if (option === undefined) return undefined
    const after = this.duration((option as Options)['after'], `${where}.after`)
    if (after === undefined) this.problem(`${where} needs "after"`)
    return { ...this.edge(option, where), afterMs: after ?? 0 } as ExpiryEdge
  }

  maxVisits(option: unknown, where: string): VisitsEdge | undefined {
    if (option === undefined) return undefined
    const times = this.count((option as Options)['times'] ?? null, 1, 1, `${where}.times`)
    return { ...this.edge(option, where), times } as VisitsEdge
  }

  awaited(option: unknown, where: string): ReadonlyMap<string, AwaitedSignal> {
    const { signals } = this.#declared
    const on = new Map<string, AwaitedSignal>()
    for (const [signal, given] of Object.entries((option ?? {}) as object) as [string, unknown][]) {
      if (given === undefined) continue
      if (!signals.has(signal))
        this.problem(
          `${where} waits for ${quote(signal)}, which is not among the signals ${quote([...signals.keys()])}`,
        )
      const here = `${where}: on.${signal}`
      const rich = typeof given === 'object' && given !== null && !Array.isArray(given)
      const { to, count, roles, ...odd } = (rich ? given : { to: given }) as Options
      for (const key of Object.keys(odd))
        this.problem(`${here} has ${quote(key)}; it takes to, count and roles`)
      const targets = this.targets(to, here)
      if (targets.length === 0) this.problem(`${here} needs a target`)
      on.set(signal, {
        to: targets,
        count: this.#votes(signal, count, here),
        roles: this.#roles(roles, here),
      })
    }
    return on
  }

  /** Anybody may send a signal without roles, so that a mistake here must not look like none. */
  #roles(option: unknown, where: string): readonly string[] {
    if (option === undefined) return []
    const roles = [option].flat()
    if (roles.length === 0 || roles.some((role) => typeof role !== 'string' || role === ''))
      this.problem(`${where}.roles is ${quote(option)}, not the name of a role or a list of such names`)
    return roles as string[]
  }

  #votes(signal: string, option: unknown, where: string): number {
    const count = this.count(option, 1, 1, `${where}.count`)
    if (count > 1 && this.#declared.replies.has(signal))
      this.problem(`${where}.count is ${count}, but ${quote(signal)} is an update, which is answered at once`)
    return count
  }

  edge(option: unknown, where: string): { to: string; with: unknown } {
    const { to, with: data } = (option ?? {}) as { to?: unknown; with?: unknown }
    const [target] = this.targets(to, `${where}.to`)
    if (target === undefined) this.problem(`${where} needs "to"`)
    if (typeof data !== 'function' && (typeof data !== 'object' || data === null))
      this.problem(`${where}.with is ${quote(data)}, not an object or a function that makes one`)
    return { to: target ?? '', with: data }
  }

  targets(option: unknown, where: string): readonly string[] {
    const members = option === undefined ? [] : Array.isArray(option) ? (option as unknown[]) : [option]
    const names = members.map(
      (m) =>
        this.#declared.names.get(m as Key) ??
        this.problem(`${where} names ${quote(m)}, which is not a state`),
    )
    return [...new Set(names)]
  }

  /** What `read` gives, or `otherwise` with its error noted. */
  attempt<T>(otherwise: T, read: () => T): T {
    try {
      return read()
    } catch (error) {
      this.problem(
        error instanceof StepwrightError ? error.message.replace(/ \[[\w-]+\]$/, '') : String(error),
      )
      return otherwise
    }
  }

  /** Notes what is wrong; `rule`: what `check` calls it, where it has a name of its own. */
  problem(text: string, rule?: Problem['rule']): string {
    this.#problems.push({
      text,
      ...(rule === undefined ? {} : { rule }),
      ...(this.state === undefined ? {} : { state: this.state }),
    })
    return ''
  }
}
