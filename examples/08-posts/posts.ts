import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { resources, states, type Context, type Input, type ShapeOf } from 'stepwright'
import type { Llm } from 'stepwright/llm'

export enum State {
  Read = 'read',
  Done = 'done',
}

/** What is wanted of each post. Refinements refuse what a model says instead of an answer. */
export const Post = z.object({
  title: z.string().min(3).describe('the job, in a few words'),
  place: z.string().min(2),
  salary: z.number().positive().describe('the lowest pay, in euros'),
  per: z.enum(['month', 'year']),
  start: z.iso.date(),
  contact: z.email(),
})
const read = z.object({ file: z.string(), post: Post })
const Posts = states(
  State,
  {
    [State.Read]: z.object({ folder: z.string(), files: z.array(z.string()).min(1) }),
    [State.Done]: z.object({
      posts: z.array(read),
      failed: z.array(z.object({ file: z.string(), why: z.string() })),
    }),
  },
  {
    initial: State.Read,
    final: State.Done,
    items: { [State.Read]: read },
    resources: resources<{ llm: Llm }>(),
  },
)
const { workflow, map, go } = Posts
type D = ShapeOf<typeof Posts>

/** Turns job posts into records of one type, four at a time. A post that cannot be read is named, and holds up no other. */
@workflow({ name: 'posts' })
export class PostsWorkflow {
  @map(State.Read, {
    over: ({ files }) => files,
    concurrency: 4,
    retry: { maxAttempts: 5, initialInterval: '1s' },
    onError: 'collect',
    to: State.Done,
    reduce: (results, { files }) =>
      go(State.Done, {
        posts: results.flatMap((one) => (one.ok ? [one.value] : [])),
        failed: results.flatMap((one, i) =>
          one.ok ? [] : [{ file: files[i] ?? '', why: one.error.message }],
        ),
      }),
  })
  async read(file: string, { folder }: Input<D, State.Read>, { llm }: Context<D>) {
    const text = await readFile(join(folder, file), 'utf8')
    return { file, post: await llm.extract(Post, text, { role: 'You read job posts. You make nothing up.' }) }
  }
}
