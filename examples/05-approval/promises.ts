import { after, atMost, eventually, limits, never, properties } from 'stepwright/check'
import { ApprovalWorkflow, State } from './approval.ts'

/** What holds of every run, whoever answers or does not: `stepwright check examples/05-approval/promises.ts`. */
export const promises = properties(ApprovalWorkflow, {
  'every request is decided': eventually(State.APPROVED, State.REFUSED),
  'what is refused stays refused': never(State.APPROVED).after(State.REFUSED),
  'the director is asked once, and decides': after(State.ESCALATED).next(State.APPROVED, State.REFUSED),
  'nobody is asked twice': atMost(1, State.REVIEW),
})

/** Five days for the reviewers and seven for the director, and an hour for all handlers. */
export const patience = limits(ApprovalWorkflow, { most: { visits: 3, ms: '12.05d' } })
