import type { Happening } from '../model/history.ts'

/** What happened, with its values encoded; `encode` also names where a value stands. */
export function encodeHappening(h: Happening, encode: (value: unknown, where: string) => unknown): Happening {
  switch (h.type) {
    case 'started':
    case 'migrated':
      return { ...h, data: encode(h.data, 'data'), vars: encode(h.vars, 'vars') }
    case 'moved':
      return {
        ...h,
        data: encode(h.data, 'data'),
        ...(h.vars === undefined ? {} : { vars: encode(h.vars, 'vars') }),
      }
    case 'signalled':
    case 'voted':
      return { ...h, payload: encode(h.payload, 'payload') }
    case 'retried-by-hand':
    case 'compensating':
      return h.data === undefined ? h : { ...h, data: encode(h.data, 'data') }
    case 'log':
      return h.fields === undefined ? h : { ...h, fields: encode(h.fields, 'log fields') }
    case 'completed':
      return h.output === undefined ? h : { ...h, output: encode(h.output, 'output') }
    case 'model-called':
      return { ...h, ...encoded(h, ['params', 'messages', 'answer', 'toolCalls', 'prompt'], encode) }
    case 'tool-called':
      return { ...h, ...encoded(h, ['input', 'output'], encode) }
    default:
      return h
  }
}

/** These fields, where they are given. */
function encoded<H extends Happening>(
  h: H,
  fields: readonly (keyof H & string)[],
  encode: (value: unknown, where: string) => unknown,
): Partial<H> {
  const given = fields.filter((field) => h[field] !== undefined)
  return Object.fromEntries(given.map((field) => [field, encode(h[field], field)])) as Partial<H>
}
