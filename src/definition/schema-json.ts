import { z } from 'zod'
import { emptySchema, type Schema } from '../model/schema.ts'
import type { Definition } from './definition.ts'
import { isChild } from './definition.ts'

/** A JSON schema: what values look like that a schema reads. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * The schemas of a definition as JSON schemas, by what they are for: `state draft`, `signal approve`, `reply add`,
 * `query total`, `item score`, `branch check/facts`, `vars`, `session`, `config`. One that accepts nothing, or cannot be
 * looked into, is left out.
 */
export function schemasOf(definition: Definition): Readonly<Record<string, JsonSchema>> {
  const { states, signals, replies, queries, vars, session, config } = definition
  const all: [string, Schema | undefined][] = []
  for (const state of states.values()) {
    all.push([`state ${state.name}`, state.schema])
    if (state.kind === 'map' && !isChild(state.item)) all.push([`item ${state.name}`, state.item.schema])
    if (state.kind === 'parallel')
      for (const [name, branch] of state.branches) all.push([`branch ${state.name}/${name}`, branch.schema])
  }
  for (const [name, schema] of signals) all.push([`signal ${name}`, schema])
  for (const [name, schema] of replies) all.push([`reply ${name}`, schema])
  for (const [name, { schema }] of queries) all.push([`query ${name}`, schema])
  all.push(['vars', vars], ['session', session], ['config', config])
  return Object.fromEntries(
    all.flatMap(([name, schema]) => {
      const json = schema && schema !== emptySchema ? jsonOf(schema) : undefined
      return json ? [[name, json]] : []
    }),
  )
}

/** `undefined` for a schema that is not one of Zod, and for one that cannot be written down. */
function jsonOf(schema: Schema): JsonSchema | undefined {
  if (!('_zod' in schema)) return undefined
  try {
    const { $schema: _dialect, ...json } = z.toJSONSchema(schema as unknown as z.ZodType, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const { type } = zodSchema._zod.def
        // dates, big integers, maps and their like are told apart, and from what may be anything
        if (UNTOLD.has(type)) Object.assign(jsonSchema, { 'x-zod': type })
      },
    }) as Record<string, unknown>
    return json
  } catch {
    return undefined
  }
}

const UNTOLD: ReadonlySet<string> = new Set([
  'date',
  'bigint',
  'map',
  'set',
  'undefined',
  'void',
  'nan',
  'custom',
])
