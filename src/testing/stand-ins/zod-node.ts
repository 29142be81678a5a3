import type { z } from 'zod'

/** A Zod schema, with what it is made of. */
export type ZodNode = z.core.$ZodTypes
/** What a Zod schema is made of. */
export type ZodDef = ZodNode['_zod']['def']

/** Whether a schema is one of Zod's. */
export function isZod(schema: unknown): schema is ZodNode {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}
