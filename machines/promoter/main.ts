/** `npm start [-- folder]`: the plug-in promoter over every page of a folder. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { createEngine, StepwrightError, type RunHandle, type ShapeOf, type StoreOption } from 'stepwright'
import { connectModel } from '../connect.ts'
import { renderMail, writeMail } from './mail.ts'
import { listPages } from './page.ts'
import { Progress } from './progress.ts'
import { PromoterWorkflow, State } from './promoter.ts'

const FROM = 'Plug-in Workshop <hello@plugin-workshop.example>'
/** The mails are the same bytes in every attempt, so their date cannot be the moment of writing. */
const DATE = new Date('2026-01-01T09:00:00Z')

interface Options {
  readonly store: StoreOption
  readonly outbox: string
  readonly approve: boolean
  readonly concurrency: number
  readonly quiet: boolean
}

const command = new Command('npm start --')
  .description(
    'Reads storefront pages, invents a plug-in for each shop, and writes a mail about it into an outbox folder.',
  )
  .argument('[folder]', 'folder of .html pages', join(fileURLToPath(new URL('.', import.meta.url)), 'pages'))
  .option('--store <url>', 'where runs are kept', 'sqlite:promoter.db')
  .option('--outbox <folder>', 'where mails are written', 'outbox')
  .option('--approve', 'ask before each mail is sent', false)
  .option('--concurrency <n>', 'pages at once', Number, 4)
  .option('--quiet', 'print the table only', false)
  .addHelpText(
    'after',
    '\nStop it with Ctrl-C at any moment and call it again: it goes on where it was, and pays no model call twice.',
  )
  .action((folder: string, options: Options) => promote(folder, options))

async function promote(
  folder: string,
  { store, outbox, approve, concurrency, quiet }: Options,
): Promise<void> {
  const pages = await listPages(folder)
  if (pages.length === 0) throw new Error(`${folder} holds no .html pages`)
  const connection = await connectModel()
  const deliver = async (
    key: string,
    to: string,
    mail: { subject_line: string; body: string },
  ): Promise<string> => {
    const messageId = `${createHash('sha256').update(key).digest('hex').slice(0, 24)}@plugin-workshop.example`
    const bytes = await renderMail({
      from: FROM,
      to,
      subject: mail.subject_line,
      body: mail.body,
      messageId,
      date: DATE,
    })
    const file = await writeMail(outbox, key, bytes)
    if (!quiet) progress.print(`\nTo: ${to}\nSubject: ${mail.subject_line}\n\n${mail.body}\n`)
    return file
  }
  const engine = createEngine({
    workflows: [PromoterWorkflow],
    store,
    concurrency,
    config: { approve },
    resources: { llm: connection.llm, fetchPage: (file: string) => readFile(file, 'utf8'), deliver },
    onWarning: (message) => progress.print(`warning: ${message}`),
  })
  const progress = new Progress(pages.length, quiet)
  const stop = engine.subscribe(({ run }) => progress.saw(run))
  const onSignal = (signal: NodeJS.Signals): void => {
    process.once(signal, () => process.exit(130))
    progress.print(`\nstopped; the same command goes on from here`)
    void Promise.all([engine.close(), connection.close()]).finally(() =>
      process.exit(signal === 'SIGINT' ? 130 : 143),
    )
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  progress.print(`${pages.length} pages from ${folder}, runs in ${String(store)}, ${connection.says}`)
  try {
    const runs = await Promise.all(
      pages.map(async (file) => engine.start(PromoterWorkflow, { file }, { id: await runId(file) })),
    )
    const answering = approve ? askForEach(runs, progress) : Promise.resolve()
    await Promise.all([answering, ...runs.map((run) => run.result().catch(() => undefined))])
    const views = await Promise.all(runs.map((run) => run.view()))
    progress.table(views)
    if (views.some((view) => view.status !== 'completed')) process.exitCode = 1
  } finally {
    stop()
    await engine.close()
    await connection.close()
  }
}

/** The same page gives the same run; a page that has changed gives a new one. */
async function runId(file: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 8)
  return `${basename(file).slice(0, 80)}:${digest}`
}

type PromoterRun = RunHandle<ShapeOf<typeof PromoterWorkflow>>

/** Shows each mail that waits, one at a time, and passes the answer on. */
async function askForEach(runs: readonly PromoterRun[], progress: Progress): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    for (const run of runs) {
      const view = await until(run)
      if (view.status !== 'waiting') continue
      const { mail } = view.data as { mail: { subject_line: string; body: string } }
      progress.print(`\n${run.id}\nSubject: ${mail.subject_line}\n\n${mail.body}\n`)
      const answer = await terminal.question('Send it? [y/N] ')
      if (/^y/i.test(answer)) await run.signal('approve', { by: 'terminal' })
      else await run.signal('reject', { by: 'terminal', reason: answer || 'not approved' })
    }
  } finally {
    terminal.close()
  }
}

/** Waits until a run asks for an answer, or has ended. */
async function until(run: PromoterRun) {
  for await (const event of run.events()) {
    if (event.type === 'moved' && event.to === State.Approve && (await run.view()).state === State.Approve)
      break
  }
  return run.view()
}

command.parseAsync().catch((error: unknown) => {
  console.error(error instanceof StepwrightError || error instanceof Error ? error.message : error)
  process.exitCode = 1
})
