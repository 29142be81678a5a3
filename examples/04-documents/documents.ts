import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FatalError, resources, states, type Context, type Input, type ShapeOf } from 'stepwright'

export enum State {
  SUMMARIZE = 'summarize',
  COMBINE = 'combine',
  DONE = 'done',
}

const folder = z.object({ folder: z.string(), files: z.array(z.string()) })
const summary = z.object({ file: z.string(), text: z.string() })
const failed = z.array(z.object({ file: z.string(), why: z.string() }))
const Documents = states(
  State,
  {
    [State.SUMMARIZE]: folder,
    [State.COMBINE]: z.object({ summaries: z.array(summary), failed }),
    [State.DONE]: z.object({ text: z.string(), summaries: z.array(summary), failed }),
  },
  {
    initial: State.SUMMARIZE,
    final: State.DONE,
    items: { [State.SUMMARIZE]: summary },
    resources: resources<{ llm: { text(prompt: string): Promise<string> } }>(),
  },
)
const { workflow, step, map, go } = Documents
type D = ShapeOf<typeof Documents>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

@workflow({ name: 'documents' })
export class DocumentsWorkflow {
  @map(State.SUMMARIZE, {
    over: ({ files }) => files,
    concurrency: 4,
    onError: 'collect',
    to: State.COMBINE,
    reduce: (results, { files }) =>
      go(State.COMBINE, {
        summaries: results.flatMap((one) => (one.ok ? [one.value] : [])),
        failed: results.flatMap((one, i) =>
          one.ok ? [] : [{ file: files[i] ?? '', why: one.error.message }],
        ),
      }),
  })
  async summarize(file: string, { folder }: In<State.SUMMARIZE>, { llm }: Ctx) {
    const text = (await readFile(join(folder, file), 'utf8')).trim()
    if (text === '') throw new FatalError('the file is empty')
    return { file, text: await llm.text(`Summarize this text in one sentence.\n"""\n${text}\n"""`) }
  }

  @step(State.COMBINE, { to: State.DONE })
  async combine({ summaries, failed }: In<State.COMBINE>, { llm }: Ctx) {
    const all = summaries.map(({ text }) => text).join(' ')
    return go(State.DONE, {
      text: await llm.text(`Summarize this text in three sentences.\n"""\n${all}\n"""`),
      summaries,
      failed,
    })
  }
}
