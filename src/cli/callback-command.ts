import { EXIT } from './exit-code.ts'
import { readJsonArgument } from './json-argument.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Sends the one signal that a callback token stands for. */
export async function callbackCommand(
  token: string,
  payload: string | undefined,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const value = await readJsonArgument(payload, 'the payload')
  return readStore(url, async ({ mailbox }) => {
    const { run, id } = await mailbox.callback(token, value)
    if (terminal.json) terminal.printJson({ run, id })
    else
      terminal.print(
        `accepted for ${terminal.onOut('strong', run)}, as signal ${terminal.onOut('plain', id)}; the token is used up`,
      )
    return EXIT.ok
  })
}
