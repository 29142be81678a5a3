import { StepwrightError, quote } from '../errors/stepwright-error.ts'

/**
 * Reads JSON that a person typed; `where` names its source. Whole numbers that JavaScript would round are refused.
 *
 * @throws StepwrightError `invalid-json`, with line and column.
 */
export function parseJson(text: string, where: string): unknown {
  const source = text.startsWith('\u{feff}') ? text.slice(1) : text
  let parsed: unknown
  const rounded: string[] = []
  try {
    parsed = JSON.parse(source, (_key, value: unknown, context?: { readonly source?: string }) => {
      if (typeof value === 'number' && context?.source !== undefined && isRounded(value, context.source))
        rounded.push(context.source)
      return value
    })
  } catch (error) {
    throw wrongJson(source, where, error as Error)
  }
  if (rounded.length === 0) return parsed
  throw new StepwrightError('invalid-json', {
    what: `${where} holds the number ${rounded[0]}, which would be rounded to ${Number(rounded[0])}`,
    remedy: 'Give it as text, in double quotes',
    details: { where, numbers: rounded },
  })
}

/** JSON of any value, for programs: what JSON cannot say is written as text or lists, and nothing throws. */
export function writeJson(value: unknown, indent?: number): string {
  const above: { readonly item: object; readonly written: object }[] = []
  function replace(this: unknown, _key: string, item: unknown): unknown {
    if (typeof item === 'bigint') return String(item)
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item)
    if (typeof item !== 'object' || item === null) return item
    while (above.length > 0 && above.at(-1)?.written !== this) above.pop() // `this` holds the item: only what holds `this` is above it
    if (above.some((holder) => holder.item === item)) return '[circular]'
    const written = plainly(item)
    above.push({ item, written })
    return written
  }
  return JSON.stringify(value, replace, indent) ?? 'null'
}

function plainly(item: object): object {
  if (item instanceof Map) return [...item]
  if (item instanceof Set) return [...item]
  if (item instanceof Error) return { name: item.name, message: item.message }
  return item
}

function isRounded(value: number, source: string): boolean {
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(value) && BigInt(source) !== BigInt(value)
}

function wrongJson(source: string, where: string, error: Error): StepwrightError {
  if (source.trim() === '') {
    return new StepwrightError('invalid-json', {
      what: `${where} is empty`,
      remedy: 'Give JSON, such as {"topic":"cats"}',
      details: { where, position: 0 },
    })
  }
  const position = positionOf(source, error)
  const before = source.slice(0, position).split('\n')
  const line = before.length
  const column = (before.at(-1) ?? '').length + 1
  const here = position < source.length ? `at ${quote(source.slice(position, position + 20))}` : 'at its end'
  return new StepwrightError('invalid-json', {
    what: `${where} is not JSON: line ${line}, column ${column}, ${here}`,
    remedy: `Mend it there; keys and text stand in double quotes, and a shell wants the whole in single quotes: '{"topic":"cats"}'`,
    details: { where, position, line, column, reason: error.message },
  })
}

/** V8 does not always say where; the first character after which no continuation would be JSON is found by halving. */
function positionOf(source: string, error: Error): number {
  const said = saidPosition(error)
  if (said !== undefined) return said
  if (fits(source)) return source.length
  let good = 0
  let bad = source.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (fits(source.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

/** The text is JSON, or could be the beginning of some. */
function fits(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    return /end of JSON input/.test((error as Error).message) || saidPosition(error as Error) === text.length
  }
}

function saidPosition({ message }: Error): number | undefined {
  const found = /at position (\d+)/.exec(message)
  return found ? Number(found[1]) : undefined
}
