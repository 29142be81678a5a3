import { z } from 'zod'
import { FatalError } from '../../model/failure.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Go, Key } from '../../definition/shape.ts'
import { messagesOf, promptOf, type Ask, type FormOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import { askObject } from './object.ts'

/** What `states()` gave, as far as a choice among its states is concerned. */
export interface Routed<S extends Key> {
  readonly schemas: { readonly [K in S]: unknown }
  readonly go: (state: never, data: never) => unknown
}

/** The moves that are offered, each with when it is the right one. */
export type Moves<F extends Routed<Key>> = { readonly [K in keyof F['schemas']]?: string }

/** Where a choice among these moves can lead. */
export type Chosen<F extends Routed<Key>, M> = Go<Extract<keyof M & keyof F['schemas'], Key>>

/**
 * A move that the model chose, with its data. The form of the answer is made of the schemas of the states that are
 * offered, so nothing else can be said.
 */
export async function route<F extends Routed<Key>, const M extends Moves<F>>(
  caller: Caller,
  flow: F,
  moves: M,
  ask: Ask,
  options: FormOptions,
): Promise<Chosen<F, M>> {
  const offered = Object.entries(moves as Readonly<Record<string, string>>)
  const forms = offered.map(([state]) => {
    const schema = (flow.schemas as Readonly<Record<string, unknown>>)[state]
    if (!(schema instanceof z.ZodType))
      throw new FatalError(`${quote(state)} cannot be chosen by a model: it has no schema of Zod`)
    return z.object({ move: z.literal(state), data: schema })
  })
  const [only] = forms
  if (!only) throw new FatalError('a model was given no move to choose from')
  const choice = z.union(forms as [typeof only, ...(typeof only)[]])
  const list = offered.map(([state, when]) => `- ${state}: ${when}`).join('\n')
  const asked = { role: 'system', text: `Choose the move that fits, with its data:\n${list}` } as const
  const messages = [asked, ...messagesOf(ask)]
  const prompt = promptOf(ask)
  const { move, data } = await askObject(
    caller,
    choice,
    prompt ? { messages, prompt } : messages,
    options,
    'route',
  )
  const state = Number.isNaN(Number(move)) ? move : Number(move) // keys are text, also those of numeric enums
  return flow.go(state as never, data as never) as Chosen<F, M>
}
