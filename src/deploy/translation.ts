import type { Definition } from '../definition/definition.ts'
import { parseWith } from '../model/schema.ts'
import type { Library } from '../runtime/library.ts'
import type { Visit } from './visit.ts'

/** Where a run stood, in the terms of the new code. */
export interface Standing {
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
}

/** A visit in those terms, or what of it the new code does not know. */
export type Translated =
  | { readonly ok: true; readonly standing: Standing }
  | { readonly ok: false; readonly what: 'state' | 'data' | 'vars' | 'migration'; readonly why: string }

/** As an engine would take a run over that stands there: by the migration of its version, or as it is. */
export async function translate(
  run: { readonly id: string; readonly workflow: string },
  { version, state, data, vars }: Visit,
  definition: Definition,
  library: Library,
): Promise<Translated> {
  try {
    const mapped =
      version < definition.version ? await library.mapped({ ...run, version, state, data, vars }) : undefined
    if (mapped) return { ok: true, standing: mapped }
  } catch (error) {
    // a migration need not speak of states in which no run goes on
    if (definition.states.get(state)?.kind !== 'final')
      return {
        ok: false,
        what: 'migration',
        why: `its migration does not succeed: ${(error as Error).message}`,
      }
  }
  const target = definition.states.get(state)
  if (!target) return { ok: false, what: 'state', why: 'no such state is declared' }
  const read = await parseWith(target.schema, data)
  if (!read.ok) return { ok: false, what: 'data', why: `its data does not fit: ${read.reasons.join('; ')}` }
  const kept = await parseWith(definition.vars, vars)
  if (!kept.ok) return { ok: false, what: 'vars', why: `vars do not fit: ${kept.reasons.join('; ')}` }
  return { ok: true, standing: { state, data: read.value, vars: kept.value } }
}
