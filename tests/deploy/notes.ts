import { z } from 'zod'
import {
  FatalError,
  resources,
  states,
  type Context,
  type Input,
  type ShapeOf,
  type Signal,
} from 'stepwright'
import type { Llm } from 'stepwright/llm'

/** How a version of the workflow differs from the first. */
export interface NoteOptions {
  readonly version?: number
  /** Where `draft` may go, and goes. */
  readonly to?: 'review' | 'check' | 'done'
  readonly initial?: 'draft' | 'review'
  readonly prompt?: string
  /** What the text is made to. */
  readonly made?: (text: string) => string
  readonly review?: object
  readonly data?: z.ZodObject
  readonly approve?: z.ZodObject
  readonly vars?: z.ZodObject
  readonly draft?: object
  readonly signals?: object
  /** Runs of version 1 go on, with an empty `by` in `review`. */
  readonly migrate?: boolean
  readonly mail?: boolean
}

const text = z.object({ text: z.string() })
/** Resources that handlers are given. */
interface Given {
  readonly llm: Llm
  readonly mail: (text: string) => void
}

/** The workflow `note`: a text is drafted by a model, and waits to be approved. */
export function makeNote(options: NoteOptions = {}) {
  const { version = 1, to = 'review', prompt = 'Write about', made = (text) => text, mail = false } = options
  const given = { approve: options.approve ?? z.object({ by: z.string() }), drop: z.object({}) }
  const Note = states(
    { Draft: 'draft', Review: 'review', Check: 'check', Done: 'done' },
    { draft: text, review: options.data ?? text, check: text, done: text } as never as {
      readonly [S in 'draft' | 'review' | 'check' | 'done']: typeof text
    },
    {
      initial: (options.initial ?? 'draft') as 'draft',
      final: 'done',
      signals: (options.signals ?? given) as typeof given,
      vars: (options.vars ?? z.object({ drafts: z.number().default(0) })) as z.ZodObject<{
        drafts: z.ZodDefault<z.ZodNumber>
      }>,
      resources: resources<Given>(),
    },
  )
  type D = ShapeOf<typeof Note>
  const review = {
    on: { approve: 'done', drop: 'draft' },
    expires: { after: '2d', to: 'done', with: { text: 'late' } },
    effect: 'none',
    ...options.review,
  }
  const ways = {
    draft: 'draft',
    check: 'check',
    review: ({ text }: { text: string }) => Note.go('review', { text, by: '' } as { text: string }),
  }
  const migrate = options.migrate
    ? Note.migrate({ from: 1, states: ways } as never)
    : (_target: unknown, _context: unknown): void => undefined

  @Note.workflow({ name: 'note', version })
  @(migrate as never as (target: unknown, context: unknown) => void)
  class Workflow {
    @Note.step('draft', { to: [...new Set([to, 'check'])], effect: 'none', ...options.draft } as never as {
      to: 'review'
    })
    async draft({ text }: Input<D, 'draft'>, { llm, vars, ...more }: Context<D>) {
      if (text === 'bad') throw new FatalError('it is bad')
      if (mail) more.mail(text)
      const written = await llm.text(`${prompt} ${text}.`)
      return Note.go(to as 'review', { text: made(written) }, { drafts: vars.drafts + 1 })
    }
    @Note.wait('review', review as never as { on: { approve: 'done'; drop: 'draft' } })
    review(e: Signal<D, 'approve' | 'drop'>, { text }: Input<D, 'review'>) {
      return e.type === 'approve' ? Note.go('done', { text }) : Note.go('draft', { text: 'again' })
    }
    @Note.step('check', { to: ['done', 'review'], effect: 'none' })
    check({ text }: Input<D, 'check'>) {
      return Note.go('done', { text })
    }
  }
  return Workflow
}
