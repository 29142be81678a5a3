import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const file = fileURLToPath(new URL('refused.ts', import.meta.url))
const config = ts.getParsedCommandLineOfConfigFile(
  fileURLToPath(new URL('tsconfig.json', import.meta.url)),
  {},
  ts.sys as never,
)
const program = ts.createProgram([file], config?.options ?? {})
const said = new Map<number, string>()
for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
  if (diagnostic.file?.fileName !== file) continue
  const line = ts.getLineAndCharacterOfPosition(diagnostic.file, diagnostic.start ?? 0).line + 1
  said.set(line, `${said.get(line) ?? ''}\n${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`)
}
const expected = readFileSync(file, 'utf8')
  .split('\n')
  .flatMap((text, i) =>
    text.includes(' //! ')
      ? [
          {
            line: i + 1,
            name: /(?:class|const|function) (\w+)/.exec(text)?.[1] ?? '',
            sentence: text.split('//! ')[1] ?? '',
          },
        ]
      : [],
  )

describe('what the compiler refuses, and the sentence it says', () => {
  it.each(expected)('$name: $sentence', ({ line, sentence }) => {
    expect(said.get(line)).toContain(sentence)
  })

  it('refuses nothing else in that file', () => {
    const lines = expected.map(({ line }) => line)
    expect([...said].filter(([line]) => !lines.includes(line))).toEqual([])
  })
})
