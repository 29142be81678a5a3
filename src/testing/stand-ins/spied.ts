/** A call of a method of a resource. */
export interface SpiedCall {
  /** The method; empty for a resource that is a function. */
  readonly method: string
  readonly args: readonly unknown[]
}

const calls = new WeakMap<object, SpiedCall[]>()

/**
 * A resource whose calls can be asked for with {@link callsOf}. It does what it did.
 *
 * @example
 * const mailer = spied({ send: async (to: string) => `mail to ${to}` })
 * const test = createTestEngine({ workflows: [Order], resources: { mailer } })
 * expect(callsOf(mailer)).toEqual([{ method: 'send', args: ['ada@example.org'] }])
 */
export function spied<T extends object>(resource: T): T {
  const seen: SpiedCall[] = []
  const spy = new Proxy(resource, {
    apply: (target, self, args: readonly unknown[]) => {
      seen.push({ method: '', args })
      return Reflect.apply(target as () => unknown, self, args) as unknown
    },
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || typeof key !== 'string') return value
      return (...args: readonly unknown[]): unknown => {
        seen.push({ method: key, args })
        return Reflect.apply(value as () => unknown, target, args) as unknown
      }
    },
  })
  calls.set(spy, seen)
  return spy
}

/** The calls of a resource that was made with {@link spied}, in their order; of any other, none. */
export function callsOf(resource: object): readonly SpiedCall[] {
  return [...(calls.get(resource) ?? [])]
}
