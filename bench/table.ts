import { goalOf } from './goals.ts'
import type { Row } from './row.ts'

/** A row for a terminal. */
export function line({ name, store, metric, n, value, unit, floor, ratio }: Row): string {
  const figures = `${figure(value).padStart(9)} ${unit.padEnd(5)}  floor ${figure(floor).padStart(9)}`
  return `${name.padEnd(10)}  ${store.padEnd(14)}  ${metric.padEnd(25)}  n=${String(n).padEnd(7)}  ${figures}  ratio ${figure(ratio)}`
}

/** All rows as a table of Markdown, with the goals and whether they are met. */
export function markdown(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { name, store, metric, n, value, unit, floor, ratio } = row
    const goal = goalOf(row)
    const measured = [metric, `${n}`, `${figure(value)} ${unit}`, figure(floor), figure(ratio)]
    return [
      goal?.workload ?? '',
      `\`${name}\``,
      store,
      ...measured,
      goal?.text ?? '',
      goal ? (goal.met(row) ? 'yes' : 'no') : '',
    ]
  })
  const head = ['', 'bench', 'store', 'what', 'n', 'ours', 'floor', 'ratio', 'target', 'met']
  return [head, head.map(() => '---'), ...cells].map((each) => `| ${each.join(' | ')} |`).join('\n')
}

/** Three digits that count, and no more. */
function figure(value: number): string {
  if (value >= 100) return Math.round(value).toString()
  return value.toFixed(value >= 10 ? 1 : 2)
}
