/** The workflows of this repository that are drawn: the examples and the ready-made machines. */
import { readDefinition } from 'stepwright'
import * as machines from 'stepwright/machines'
import * as refine from '../examples/01-refine/refine.ts'
import * as trip from '../examples/02-trip/trip.ts'
import * as order from '../examples/03-order/order.ts'
import * as documents from '../examples/04-documents/documents.ts'
import * as approval from '../examples/05-approval/approval.ts'
import * as router from '../examples/06-router/router.ts'
import * as judge from '../examples/07-judge/judge.ts'
import * as posts from '../examples/08-posts/posts.ts'
import * as retrieval from '../examples/09-retrieval/answer.ts'

/** A definition, and the folder in which its drawings lie, from the root. */
export interface DrawnWorkflow {
  readonly definition: ReturnType<typeof readDefinition>
  readonly folder: string
  /** Written beside the drawing: ready-made machines have a configuration for XState and a page. */
  readonly isMachine: boolean
}

const EXAMPLES: Readonly<Record<string, object>> = {
  '01-refine': refine,
  '02-trip': trip,
  '03-order': order,
  '04-documents': documents,
  '05-approval': approval,
  '06-router': router,
  '07-judge': judge,
  '08-posts': posts,
  '09-retrieval': retrieval,
}

export function drawnWorkflows(): readonly DrawnWorkflow[] {
  const examples = Object.entries(EXAMPLES).flatMap(([name, exported]) =>
    definitionsIn(exported).map((definition) => ({
      definition,
      folder: `examples/${name}`,
      isMachine: false,
    })),
  )
  const ready = definitionsIn(machines).map((definition) => ({
    definition,
    folder: `machines/${definition.name}`,
    isMachine: true,
  }))
  return [...examples, ...ready]
}

function definitionsIn(exported: object): readonly DrawnWorkflow['definition'][] {
  return Object.values(exported).flatMap((value: unknown) =>
    typeof value === 'function' && value.name.endsWith('Workflow')
      ? [readDefinition(value as new () => object)]
      : [],
  )
}
