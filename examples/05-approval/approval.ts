import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf, type Signal } from 'stepwright'

export enum State {
  REVIEW = 'review',
  ESCALATED = 'escalated',
  APPROVED = 'approved',
  REFUSED = 'refused',
}

const purchase = z.object({ what: z.string(), euros: z.number(), asks: z.string() })
const Approval = states(
  State,
  {
    [State.REVIEW]: purchase,
    [State.ESCALATED]: purchase,
    [State.APPROVED]: z.object({ what: z.string(), by: z.array(z.string()) }),
    [State.REFUSED]: z.object({ what: z.string(), why: z.string() }),
  },
  {
    initial: State.REVIEW,
    final: [State.APPROVED, State.REFUSED],
    signals: { approve: z.object({}), refuse: z.object({ why: z.string() }) },
    resources: resources<{ mail: (to: string, text: string) => void }>(),
  },
)
const { workflow, wait, reminder, go } = Approval
type D = ShapeOf<typeof Approval>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>
type Said = Signal<D, 'approve' | 'refuse'>

@workflow({ name: 'approval' })
export class ApprovalWorkflow {
  @wait(State.REVIEW, {
    on: {
      approve: { to: State.APPROVED, count: 2, roles: ['manager', 'finance'] },
      refuse: { to: State.REFUSED, roles: ['manager', 'finance'] },
    },
    expires: { after: '5d', to: State.ESCALATED, with: (purchase) => purchase },
  })
  review(said: Said, { what }: In<State.REVIEW>, { run }: Ctx) {
    if (said.type === 'refuse') return go(State.REFUSED, { what, why: said.why })
    return go(State.APPROVED, { what, by: run.votes.map(({ caller }) => caller?.id ?? '') })
  }
  @reminder(State.REVIEW, { after: '1d', every: '1d' })
  remind({ what, euros, asks }: In<State.REVIEW>, { mail, run }: Ctx) {
    mail(
      'reviewers',
      `${asks} asks for ${what} (${euros} euros); ${2 - run.votes.length} of 2 approvals are missing`,
    )
  }

  @wait(State.ESCALATED, {
    on: {
      approve: { to: State.APPROVED, roles: 'director' },
      refuse: { to: State.REFUSED, roles: 'director' },
    },
    expires: { after: '7d', to: State.REFUSED, with: ({ what }) => ({ what, why: 'nobody decided' }) },
  })
  escalated(said: Said, { what }: In<State.ESCALATED>, { run }: Ctx) {
    return said.type === 'refuse'
      ? go(State.REFUSED, { what, why: said.why })
      : go(State.APPROVED, { what, by: run.caller ? [run.caller.id] : [] })
  }
}
