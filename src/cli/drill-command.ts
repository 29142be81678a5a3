import { availableParallelism } from 'node:os'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { checkId } from '../model/identifier.ts'
import { drillOn, type DrillRange } from '../testing/drill/drilling.ts'
import type { DrillSignal } from '../testing/drill/life.ts'
import type { DrillReport } from '../testing/drill/report.ts'
import { readCaller } from './caller-argument.ts'
import { DrillGround } from './drill-ground.ts'
import { reportLines, trialLine } from './drill-text.ts'
import { EXIT } from './exit-code.ts'
import { watchInterrupts, type Interrupt } from './interrupt.ts'
import { readJsonArgument } from './json-argument.ts'
import { LifePool } from './life-pool.ts'
import type { StoreChoice } from './shell-line.ts'
import type { Terminal } from './terminal.ts'
import { chooseWorkflow, importFile, loadWorkflowFile } from './workflow-file.ts'

/** Options of `stepwright drill`. */
export interface DrillCommandOptions extends DrillRange {
  readonly input?: string
  readonly workflow?: string
  readonly session?: string
  /** Each `name`, `name=JSON` or `name@who:role=JSON`. */
  readonly signal?: readonly string[]
  readonly effects?: readonly string[]
  readonly probe?: string
  readonly reset?: string
  readonly parallel?: number
  readonly timeout: Duration
}

/** Kills a run of the user's own workflow at each of its writes, in real processes, and compares how it comes out. */
export async function drillCommand(
  path: string,
  options: DrillCommandOptions,
  _choice: StoreChoice, // each crash has a store of its own
  terminal: Terminal,
): Promise<number> {
  const { session, limit, every, effects: files = [], probe, reset, timeout } = options
  if (session !== undefined) checkId('session', session)
  const input = await readJsonArgument(options.input, '--input')
  const signals = await Promise.all((options.signal ?? []).map(readSignal))
  const workflow = chooseWorkflow(await loadWorkflowFile(path), options.workflow).definition.name
  const order = { input, signals, ...(session === undefined ? {} : { session }) }
  // files outside the folder of a run are the same for all runs, and so may be what commands look at
  const apart = files.length === 0 && reset === undefined
  const parallel = apart ? (options.parallel ?? Math.max(1, availableParallelism())) : 1
  const pool = new LifePool(path, parallel + 1, toMs(timeout, '--timeout'))
  const looks = {
    exported: (await importFile(path))['effects'] !== undefined,
    files,
    ...(probe === undefined ? {} : { probe }),
    ...(reset === undefined ? {} : { reset }),
  }
  const ground = await DrillGround.open(pool, workflow, order, looks)
  const stop = new AbortController()
  const interrupts = watchInterrupts()
  let interrupt: Interrupt | undefined
  void interrupts.first.then((first) => {
    interrupt = first
    stop.abort()
    pool.end()
    terminal.note(terminal.onErr('dim', 'stopped; here is what was tried'))
  })
  const began = performance.now()
  try {
    const report = await drillOn(
      {
        ...{ workflow, parallel, signal: stop.signal, live: (death) => ground.live(death) },
        onTrial: (tried, of, trial) => {
          if (!trial) terminal.note(terminal.onErr('dim', `${of} boundaries to try`))
          else if (!trial.same || tried % Math.ceil(of / 20) === 0)
            terminal.note(trialLine(trial, tried, of, terminal))
        },
      },
      { ...(limit === undefined ? {} : { limit }), ...(every === undefined ? {} : { every }) },
    )
    const seconds = (performance.now() - began) / 1_000
    tell(report, { seconds, processes: pool.lives }, terminal)
    return interrupt?.exitCode ?? (report.passed ? EXIT.ok : EXIT.runFailed)
  } catch (error) {
    if (interrupt) return interrupt.exitCode // nothing was tried yet
    throw error
  } finally {
    pool.end()
    interrupts.end()
    await ground.close()
  }
}

function tell(
  report: DrillReport,
  figures: { readonly seconds: number; readonly processes: number },
  terminal: Terminal,
): void {
  if (terminal.json) return terminal.printJson({ ...report, ...figures })
  for (const line of reportLines(report, terminal)) terminal.print(line)
  const kills = report.trials.filter(({ unreached }) => !unreached).length
  const rate = (kills / figures.seconds).toFixed(1)
  terminal.note(
    terminal.onErr(
      'dim',
      `${kills} kills, ${figures.processes} processes, ${figures.seconds.toFixed(1)} s: ${rate} kills a second`,
    ),
  )
}

async function readSignal(given: string): Promise<DrillSignal> {
  const [, name = '', who, json] = /^([^=@]+)(?:@([^=]+))?(?:=(.*))?$/s.exec(given) ?? []
  if (name === '')
    throw new StepwrightError('invalid-options', {
      what: `--signal is ${quote(given)}`,
      remedy: "Give name, name=JSON or name@who:role,role=JSON, such as approve@ada:manager='{}'",
    })
  const as: Caller | undefined = who === undefined ? undefined : readCaller(who)
  const payload = await readJsonArgument(json, `--signal ${name}`)
  return { name, payload, ...(as ? { as } : {}) }
}
