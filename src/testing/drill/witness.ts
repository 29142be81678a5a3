import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import { bind } from '../../definition/scope.ts'
import type { Around, HandlerCall } from '../stand-ins/intercepting.ts'

/** Something that was done in one life of a run. */
export type Act =
  /** A handler was called. */
  | { readonly type: 'began'; readonly life: number; readonly key: string; readonly handler: string }
  /** It has come to its end, by a result or an error. */
  | { readonly type: 'ended'; readonly life: number; readonly key: string; readonly handler: string }
  /** A handler called a resource. `keyed`: it was handed the idempotency key. */
  | {
      readonly type: 'called'
      readonly life: number
      readonly key: string
      readonly handler: string
      readonly resource: string
      readonly args: string
      readonly keyed: boolean
    }
  /** The clock was set. */
  | { readonly type: 'time'; readonly at: number }

type Fn = (...args: unknown[]) => unknown

/** Writes down what handlers do in one life. After the life has ended nothing of it goes on. */
export class Witness {
  readonly around: Around
  readonly #life: number
  readonly #note: (act: Act) => void
  readonly #over: () => boolean
  readonly #here = new AsyncLocalStorage<{ readonly key: string; readonly handler: string }>()

  constructor(life: number, note: (act: Act) => void, over: () => boolean = () => false) {
    this.#life = life
    this.#note = note
    this.#over = over
    this.around = (call, proceed) => {
      if (over()) return new Promise(() => undefined)
      const { idempotencyKey: key } = call.run
      const handler = nameOf(call)
      note({ type: 'began', life, key, handler })
      const end = (): void => {
        if (!over()) note({ type: 'ended', life, key, handler })
      }
      return this.#here.run({ key, handler }, () => noted(proceed, end))
    }
  }

  /** The resources of a life: what handlers call of them is written down. Those that are bound to their attempt, such as models, tell the history themselves. */
  watched(resources: object): object {
    return Object.fromEntries(
      Object.entries(resources).map(([name, resource]) => [name, this.#watch(resource as unknown, name)]),
    )
  }

  #watch(resource: unknown, name: string): unknown {
    if (typeof resource === 'function') return this.#called(resource as Fn, undefined, name)
    if (typeof resource !== 'object' || resource === null || bind in resource) return resource
    // not the resource itself: the fields of a frozen one could not be stood in for
    return new Proxy(Object.create(resource) as object, {
      get: (_target, key) => {
        const value: unknown = Reflect.get(resource, key, resource)
        return typeof value === 'function' && typeof key === 'string'
          ? this.#called(value as Fn, resource, `${name}.${key}`)
          : value
      },
      set: (_target, key, value) => Reflect.set(resource, key, value, resource),
    })
  }

  #called(fn: Fn, target: object | undefined, resource: string): Fn {
    return (...args) => {
      if (this.#over()) return new Promise(() => undefined)
      const here = this.#here.getStore()
      if (here) {
        const said = inspect(args, { depth: 4, breakLength: Infinity })
        this.#note({
          type: 'called',
          life: this.#life,
          ...here,
          resource,
          args: said,
          keyed: said.includes(here.key),
        })
      }
      return fn.apply(target, args)
    }
  }
}

/** Calls it, and tells of its end before anybody else learns of it. */
function noted(proceed: () => unknown, end: () => void): unknown {
  let result: unknown
  try {
    result = proceed()
  } catch (error) {
    end()
    throw error
  }
  if (result instanceof Promise) return result.finally(end)
  end()
  return result
}

function nameOf({ state, role, method, run }: HandlerCall): string {
  if (role === 'undo') return `${state.name} (undo)`
  if (role === 'reminder') return `${state.name} (${method})`
  if (role === 'state') return state.name
  return role === 'item' ? `${state.name} (item)` : `${state.name}/${run.part ?? ''}`
}
