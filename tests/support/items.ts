import { z } from 'zod'
import {
  JoinError,
  resources,
  states,
  type Context,
  type Input,
  type ItemContext,
  type ShapeOf,
} from 'stepwright'
import { createTestEngine } from 'stepwright/testing'
import type { Store } from '../../src/store/store.ts'

/** A map over items; what is done with each, and where they come from, is injected by the test. */
export enum State {
  Each = 'each',
  Done = 'done',
  Caught = 'caught',
}

export type Source = (taken: number) => Iterable<unknown> | AsyncIterable<unknown>

export interface Hands {
  /** Default: the numbers from 0 to `count`. */
  readonly source?: Source
  readonly item: (item: never, context: ItemCtx) => unknown
  readonly reduce?: (results: readonly unknown[], context: Ctx) => unknown
  readonly undo?: (result: unknown, item: unknown, context: Ctx) => unknown
}

const Items = states(
  State,
  {
    [State.Each]: z.object({ count: z.number() }),
    [State.Done]: z.object({ results: z.unknown() }),
    [State.Caught]: z.object({ why: z.string() }),
  },
  {
    initial: State.Each,
    final: [State.Done, State.Caught],
    items: { [State.Each]: z.unknown() },
    resources: resources<{ hands: Hands }>(),
  },
)
type D = ShapeOf<typeof Items>
export type Ctx = Context<D>
export type ItemCtx = ItemContext<D, unknown>

/** In place of a decorator. */
const nothing = (): void => undefined

export interface ItemsOptions {
  readonly onError?: 'fail' | 'collect' | { readonly threshold: number | `${number}%` }
  readonly concurrency?: number
  readonly most?: number
  readonly maxAttempts?: number
  /** Items are not undone. */
  readonly plain?: boolean
}

/** The workflow, with the options of its map. */
export const items = ({
  onError = 'fail',
  concurrency = 8,
  most = 100_000,
  maxAttempts = 3,
  plain = false,
}: ItemsOptions = {}) => {
  @Items.workflow({ name: 'items' })
  class ItemsWorkflow {
    @Items.map(State.Each, {
      over: ({ count }, { hands, taken }) =>
        hands.source?.(taken) ?? Array.from({ length: count }, (_, i) => i as unknown),
      to: State.Done,
      onError: onError as 'collect',
      concurrency,
      most,
      retry: { maxAttempts, initialInterval: '10s', jitter: 'none' },
      catch: {
        error: [JoinError, RangeError, 'too-many-items', 'not-storable'],
        to: State.Caught,
        with: ({ name, code, message }) => ({ why: `${code ?? name}: ${message}` }),
      },
      reduce: async (results, _, context) => {
        const given = await context.hands.reduce?.(results, context)
        return Items.go(State.Done, { results: given ?? results })
      },
    })
    item(item: unknown, _: Input<D, State.Each>, context: ItemCtx) {
      return context.hands.item(item as never, context)
    }
    @(plain ? nothing : Items.compensate(State.Each))
    undo(result: unknown, item: unknown, context: Ctx) {
      return context.hands.undo?.(result, item, context)
    }
  }
  return ItemsWorkflow
}

/** Starts a run over items on a store. */
export async function playItems(
  store: Store,
  hands: Hands,
  { count = 0, ...options }: ItemsOptions & { readonly count?: number } = {},
) {
  const Items = items(options)
  const test = createTestEngine({ workflows: [Items], store, resources: { hands } })
  const run = await test.engine.start(Items, { count }, { id: 'r' })
  return { test, run }
}

/** The same to its end. */
export async function endItems(...args: Parameters<typeof playItems>) {
  const { test, run } = await playItems(...args)
  const view = await test.finish(run)
  await test.close()
  return { view, data: view.data as { results: readonly unknown[]; why?: string } }
}
