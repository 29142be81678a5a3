import { describe, expect, it } from 'vitest'
import { coverTransitions, type Cover } from 'stepwright/testing'
import { PromoterWorkflow } from 'stepwright/machines'
import { RefineWorkflow } from '../../examples/01-refine/refine.ts'
import { TripWorkflow } from '../../examples/02-trip/trip.ts'
import { OrderWorkflow } from '../../examples/03-order/order.ts'
import { DocumentsWorkflow } from '../../examples/04-documents/documents.ts'
import { ApprovalWorkflow } from '../../examples/05-approval/approval.ts'
import { RouterWorkflow } from '../../examples/06-router/router.ts'
import { JudgeWorkflow } from '../../examples/07-judge/judge.ts'
import { PostsWorkflow } from '../../examples/08-posts/posts.ts'
import { RetrievalWorkflow } from '../../examples/09-retrieval/answer.ts'

const covers: Readonly<Record<string, Cover>> = {
  refine: coverTransitions(RefineWorkflow),
  trip: coverTransitions(TripWorkflow),
  order: coverTransitions(OrderWorkflow),
  documents: coverTransitions(DocumentsWorkflow),
  approval: coverTransitions(ApprovalWorkflow),
  router: coverTransitions(RouterWorkflow),
  judge: coverTransitions(JudgeWorkflow),
  posts: coverTransitions(PostsWorkflow),
  retrieval: coverTransitions(RetrievalWorkflow),
  promoter: coverTransitions(PromoterWorkflow),
}

describe.each(Object.entries(covers))('%s', (_name, { chart, paths }) => {
  it('has this chart, and takes every transition of it', () => {
    expect(chart).toMatchSnapshot()
    expect(new Set(paths.flatMap(({ transitions }) => transitions))).toEqual(new Set(chart))
  })
  for (const path of paths) it(path.name, path.run)
})
