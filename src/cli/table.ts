import type { Terminal } from './terminal.ts'

/** Rows under their headings, in aligned columns. Cells must be clean text. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
): string[] {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [terminal.onOut('dim', line(headings)), ...rows.map(line)]
}
