import { z } from 'zod'
import { states, type Input, type ShapeOf } from '../src/index.ts'

enum State {
  User = 'user',
  Model = 'model',
  Rest = 'rest',
  End = 'end',
}
const schema = z.object({
  left: z.number(),
  messages: z.array(z.object({ role: z.string(), text: z.string() })),
})
const Declared = states(
  State,
  { [State.User]: schema, [State.Model]: schema, [State.Rest]: schema, [State.End]: z.object({}) },
  { initial: State.User, final: State.End, signals: { go: z.object({ steps: z.number() }) } },
)
type D = ShapeOf<typeof Declared>
const { workflow, step, wait, go } = Declared

interface Message {
  readonly role: string
  readonly text: string
}
const made = new Map<number, Message>()

/** A message of 10 KB; no two are alike, and none repeats itself. Made once, so that whoever asked before pays nothing. */
export function message(n: number): Message {
  let known = made.get(n)
  if (!known) made.set(n, (known = newMessage(n)))
  return known
}

function newMessage(n: number): Message {
  let seed = n + 1
  const word = (): string => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 4).toString(36)
  }
  let text = ''
  while (text.length < 10_240) text += `${word()} `
  return { role: n % 2 ? 'model' : 'user', text: text.slice(0, 10_240) }
}

/** A chat that gains a message with each of `left` steps, and rests. */
@workflow({ name: 'chat' })
export class Chat {
  @step(State.User, { to: [State.Model, State.Rest] }) user({ left, messages }: Input<D, State.User>) {
    return go(left > 1 ? State.Model : State.Rest, grown(left, messages))
  }
  @step(State.Model, { to: [State.User, State.Rest] }) model({ left, messages }: Input<D, State.Model>) {
    return go(left > 1 ? State.User : State.Rest, grown(left, messages))
  }
  @wait(State.Rest, { on: { go: [State.User, State.End] } })
  rest({ steps }: { type: 'go'; id: string; steps: number }, { messages }: Input<D, State.Rest>) {
    return steps > 0 ? go(State.User, { left: steps, messages }) : go(State.End, {})
  }
}

function grown(left: number, messages: z.output<typeof schema>['messages']): z.output<typeof schema> {
  return { left: left - 1, messages: [...messages, message(messages.length)] }
}
