import { createInterface } from 'node:readline/promises'

/** Asks a person on the terminal; only `y` and `yes` mean yes. Ctrl-C and Ctrl-D mean no. */
export async function confirm(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<boolean> {
  // not a `terminal`: Ctrl-C then ends the process as everywhere
  const lines = createInterface({ input, output, terminal: false })
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(question), closed])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
