import { z } from 'zod'
import { states } from '../../src/index.ts'
import type { Input, ShapeOf, Signal } from '../../src/index.ts'

enum S {
  Draft = 'draft',
  Review = 'in.review',
  Failed = 'failed',
  Published = 'published',
}
const T = states(
  S,
  {
    [S.Draft]: z.object({
      topic: z.string(),
      email: z.string().meta({ pii: true }).default('ada@example.org'),
    }),
    [S.Review]: z.object({
      text: z.string(),
      authors: z.array(z.object({ name: z.string().meta({ pii: true }) })),
    }),
    [S.Failed]: z.object({ why: z.string() }),
    [S.Published]: z.object({ text: z.string() }),
  },
  {
    initial: S.Draft,
    final: [S.Published, S.Failed],
    signals: {
      approve: z.object({ by: z.string(), code: z.string().meta({ secret: true }).default('s3cret') }),
      revise: z.object({}),
    },
    vars: z.object({
      token: z.string().meta({ secret: true }).default('t0ken'),
      rounds: z.number().default(0),
    }),
  },
)
type D = ShapeOf<typeof T>
type In<X extends S> = Input<D, X>

/** A workflow with every kind of exit, an odd name, descriptions and marked fields. */
@T.workflow({ name: 'article', version: 2, description: 'Writes "articles"' })
export class Article {
  @T.step(S.Draft, {
    to: S.Review,
    timeout: '60s',
    retry: { maxAttempts: 2 },
    catch: { to: S.Failed, with: { why: 'no luck' } },
    description: 'A first text; then more',
  })
  draft({ topic }: In<S.Draft>) {
    if (topic === 'bad') throw new Error('nothing to say about ada@example.org')
    return T.go(S.Review, { text: topic, authors: [{ name: 'Ada' }, { name: 'Bob' }] }, { rounds: 1 })
  }
  @T.wait(S.Review, {
    on: { approve: S.Published, revise: [S.Draft, S.Review] },
    expires: { after: '48h', to: S.Draft, with: { topic: 'nobody looked' } },
  })
  review(e: Signal<D, 'approve' | 'revise'>, { text, authors }: In<S.Review>) {
    return e.type === 'approve' ? T.go(S.Published, { text }) : T.go(S.Review, { text: `${text}!`, authors })
  }
}
