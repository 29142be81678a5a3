import type { Machine } from '../compile/machine.ts'
import type { Definition } from '../definition/definition.ts'
import type { LogLine, Note } from '../model/history.ts'
import { textsAt, type Mark } from '../model/masking.ts'
import { Redaction } from '../model/redaction.ts'
import type { Run } from '../model/run.ts'
import type { Kept } from './attempt-parts.ts'

const known = new WeakMap<Definition, readonly Mark[]>()

/** The fields that a workflow marks as secret; looked for once. */
function secretMarks(definition: Definition): readonly Mark[] {
  const marks = known.get(definition) ?? definition.marks.filter(({ kind }) => kind === 'secret')
  known.set(definition, marks)
  return marks
}

/** Something of a run, by the name its schema has among the marks. */
export type Sources = Readonly<Record<string, unknown>>

/** What hides the secrets that a visit has to do with; nothing where its workflow marks none. `all`: and what is `pii`. */
export function redactionFor(
  { state, data, vars, signal, votes = [] }: Run,
  { definition }: Pick<Machine, 'definition'>,
  more: Sources = {},
  kinds: 'secret' | 'all' = 'secret',
): Redaction | undefined {
  const marks = kinds === 'all' ? definition.marks : secretMarks(definition)
  if (marks.length === 0) return undefined
  const sources: readonly (readonly [string, unknown])[] = [
    [state, data],
    ['vars', vars],
    ...[...votes, ...(signal ? [signal] : [])].map(
      ({ name, payload }) => [`signal ${name}`, payload] as const,
    ),
    ...Object.entries(more),
  ]
  const texts = new Set<string>()
  for (const [where, value] of sources) {
    const paths = marks.filter((mark) => mark.where === where).map(({ path }) => path)
    textsAt(value, paths, texts)
  }
  return Redaction.of(texts)
}

/** Takes secrets out of what was logged so far. */
export function redactLog({ log }: Pick<Kept, 'log'>, redaction: Redaction): void {
  for (const [i, line] of log.entries())
    log[i] =
      line.type === 'log'
        ? ({
            ...line,
            message: redaction.text(line.message),
            ...(line.fields === undefined ? {} : { fields: redaction.value(line.fields) }),
          } satisfies LogLine)
        : (redaction.value(line) as Note)
}
