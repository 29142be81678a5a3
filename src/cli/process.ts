import { EXIT } from './exit-code.ts'
import { runProgram } from './program.ts'
import { Terminal } from './terminal.ts'

const life = process.env['STEPWRIGHT_DRILL_LIFE']
if (life !== undefined && process.send) {
  const { liveHere } = await import('./drill-life.ts')
  await liveHere(life) // a process of a drill: it reads no command
}
const words = process.argv.slice(2)
const terminal = new Terminal({ json: words.includes('--json') })

// Node would print warnings and stacks in its own form, between ours
process.removeAllListeners('warning')
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') terminal.warn(message)
})
process.on('uncaughtException', (error) => {
  terminal.fail(error)
  process.exit(EXIT.bug)
})
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(EXIT.ok) // as in `stepwright list | head`
})

const code = await runProgram(words)
// a client that a workflow file has opened must not keep the process
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((done) => stream.write('', () => done())),
  ),
)
process.exit(code)
