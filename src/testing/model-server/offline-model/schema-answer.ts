import { decide } from './answer.ts'
import { asksYesOrNo } from './prompt.ts'
import type { Prompt } from './prompt.ts'
import type { SchemaNode } from './schema-node.ts'
import { asNode, flatten, listAt, mergeNodes, numberAt, recordAt, textAt, without } from './schema-node.ts'
import { writeNumber } from './schema-number.ts'
import { stringTest, writeString } from './schema-text.ts'
import { Source } from './source.ts'
import { byPrompt } from './variants.ts'
import { spell, stemsOf } from './words.ts'

/** How many entries a list gets when the schema leaves it open. */
const USUAL_ITEMS = 3
const MOST_ITEMS = 1_000
const MOST_DEPTH = 64
/** After so many nodes only what is required is built, and after ten times as many nothing more. */
const MANY_NODES = 2_000

/** No value was found for the schema; the message says at which path. */
export class SchemaFault extends Error {}

/**
 * Builds a value that is valid against a JSON schema, out of the prompt's own words; the same prompt and schema
 * always give the same value. Recursive schemas go one level down and then take null, empty lists or nothing.
 *
 * Throws `SchemaFault` if no value was found that fits.
 */
export function answerSchema(schema: unknown, prompt: Prompt): unknown {
  const builder = new Builder(schema, prompt)
  const built = builder.build(schema, {
    path: '$',
    topic: '',
    index: 0,
    depth: 0,
    refs: ['#'],
    thrifty: false,
  })
  if (built === undefined)
    throw new SchemaFault(`the offline model found no value for the schema at ${builder.stuckAt}`)
  return built.value
}

interface Place {
  readonly path: string
  /** Words that say what is wanted here: the property's name and its description. */
  readonly topic: string
  /** The entry's number in its list. */
  readonly index: number
  readonly depth: number
  /** References followed on the way here. */
  readonly refs: readonly string[]
  /** Build as little as is valid, to come out of a recursion. */
  readonly thrifty: boolean
}

/** Undefined stands for "no value fits", which is not the value null. */
type Built = { readonly value: unknown } | undefined

class Builder {
  stuckAt = '$'
  readonly #root: unknown
  readonly #prompt: Prompt
  readonly #source: Source
  #nodes = 0

  constructor(root: unknown, prompt: Prompt) {
    this.#root = root
    this.#prompt = prompt
    this.#source = new Source(prompt)
  }

  build(schema: unknown, outer: Place): Built {
    this.#nodes++
    const open = asNode(schema)
    const flat = open && flatten(this.#root, open)
    let built: Built
    if (flat !== undefined && outer.depth <= MOST_DEPTH && this.#nodes <= 10 * MANY_NODES) {
      const again = this.#nodes > MANY_NODES || flat.refs.some((ref) => outer.refs.includes(ref))
      const place: Place = {
        ...outer,
        topic: `${outer.topic} ${textAt(flat.node, 'description') ?? ''}`.trim(),
        refs: [...outer.refs, ...flat.refs],
        thrifty: outer.thrifty || again,
      }
      built = this.#flat(flat.node, place)
    }
    if (built === undefined && outer.path.length >= this.stuckAt.length) this.stuckAt = outer.path
    return built
  }

  #flat(node: SchemaNode, place: Place): Built {
    for (const keyword of ['anyOf', 'oneOf']) {
      const options = listAt(node, keyword)
      if (options !== undefined) return this.#firstFitting(without(node, keyword), options, place)
    }
    const types = typesOf(node, place.thrifty)
    const fits = stringTest(node)
    const values = (Object.hasOwn(node, 'const') ? [node.const] : listAt(node, 'enum'))?.filter(
      (value) => isOneOf(value, types) && (typeof value !== 'string' || fits(value)),
    )
    if (values !== undefined) return this.#choose(values, place)
    for (const type of types) {
      const built = this.#typed(type, node, place)
      if (built !== undefined) return built
    }
    return undefined
  }

  #typed(type: unknown, node: SchemaNode, place: Place): Built {
    const { topic, path } = place
    switch (type) {
      case 'null':
        return { value: null }
      case 'boolean': {
        const question = stemsOf(topic).length > 0 ? topic : this.#prompt.instruction
        return { value: decide(question, this.#source.document) }
      }
      case 'string':
        return present(writeString(node, topic, path, this.#source))
      case 'integer':
      case 'number':
        return present(writeNumber(node, type === 'integer', topic, path, this.#source))
      case 'array':
        return this.#list(node, place)
      case 'object':
        return this.#object(node, place)
      default:
        return undefined
    }
  }

  #firstFitting(rest: SchemaNode, options: readonly unknown[], place: Place): Built {
    const isSmall = (option: unknown): boolean => {
      const node = asNode(option)
      return (
        node !== undefined &&
        ['$ref', 'properties', 'items', 'allOf'].every((key) => !Object.hasOwn(node, key))
      )
    }
    const sorted = place.thrifty
      ? options.toSorted((a, b) => Number(isSmall(b)) - Number(isSmall(a)))
      : byPrompt(options, this.#root, this.#prompt)
    for (const option of sorted) {
      const node = mergeNodes(rest, option)
      const built = node && this.build(node, { ...place, depth: place.depth + 1 })
      if (built !== undefined) return built
    }
    return undefined
  }

  /** The value whose words the document uses most; entries of a list take one after the other. */
  #choose(values: readonly unknown[], place: Place): Built {
    if (values.length === 0) return undefined
    const { document } = this.#source
    const { question, instruction } = this.#prompt
    const spoken = values.map((value) => String(value).trim().toLowerCase())
    if (spoken.includes('yes') && spoken.includes('no')) {
      const asked =
        asksYesOrNo(instruction) || stemsOf(question).length > 0 ? question || instruction : place.topic
      return { value: values[spoken.indexOf(decide(asked, document) ? 'yes' : 'no')] }
    }
    const start = this.#source.hash('enum') % values.length
    const ranked = values
      .map((value, at) => ({
        value,
        score: this.#source.frequency(spell(String(value))),
        turn: (at - start + values.length) % values.length,
      }))
      .sort((a, b) => b.score - a.score || a.turn - b.turn)
    return { value: ranked[place.index % ranked.length]?.value }
  }

  #object(node: SchemaNode, place: Place): Built {
    const properties = recordAt(node, 'properties')
    const required = new Set((listAt(node, 'required') ?? []).filter((name) => typeof name === 'string'))
    const entries: [string, unknown][] = []
    for (const name of new Set([...Object.keys(properties), ...required])) {
      if (place.thrifty && !required.has(name)) continue
      const schema = Object.hasOwn(properties, name) ? properties[name] : (node.additionalProperties ?? true)
      const path = `${place.path}.${name}`
      const built = this.build(schema, {
        ...place,
        path,
        topic: spell(name),
        index: 0,
        depth: place.depth + 1,
      })
      if (built !== undefined) entries.push([name, built.value])
      else if (required.has(name)) return undefined
    }
    return { value: Object.fromEntries(entries) }
  }

  #list(node: SchemaNode, place: Place): Built {
    const [least, most] = [numberAt(node, 'minItems') ?? 0, numberAt(node, 'maxItems') ?? Infinity]
    if (least > Math.min(most, MOST_ITEMS)) return undefined
    const heads = listAt(node, 'prefixItems') ?? listAt(node, 'items') ?? []
    const tail = Array.isArray(node.items) ? node.additionalItems : node.items
    const usual = heads.length > 0 || place.thrifty ? heads.length : this.#usualItems(tail)
    const length = Math.min(most, Math.max(least, usual))
    const values: unknown[] = []
    while (values.length < length) {
      const index = values.length
      const schema = index < heads.length ? heads[index] : (tail ?? true)
      const built = this.build(schema, {
        ...place,
        path: `${place.path}[${index}]`,
        index,
        depth: place.depth + 1,
      })
      if (built === undefined && index >= Math.max(least, heads.length)) break
      if (built === undefined) return undefined
      values.push(built.value)
    }
    return { value: values }
  }

  /** No more entries than there are different things to say. */
  #usualItems(items: unknown): number {
    const choices = listAt(asNode(items) ?? {}, 'enum')?.length ?? this.#source.sentences.length
    return Math.min(USUAL_ITEMS, Math.max(1, choices))
  }
}

function present(value: string | number | undefined): Built {
  return value === undefined ? undefined : { value }
}

/** The types to try, in order: null last, or first where as little as possible is to be built. */
function typesOf(node: SchemaNode, thrifty: boolean): readonly unknown[] {
  if (node.type === undefined)
    return Object.hasOwn(node, 'enum') || Object.hasOwn(node, 'const') ? [] : [impliedType(node)]
  const types: readonly unknown[] = [node.type].flat()
  const isLate = (type: unknown): number => Number((type === 'null') !== thrifty)
  return types.toSorted((a, b) => isLate(a) - isLate(b))
}

function impliedType(node: SchemaNode): string {
  const has = (...keywords: string[]): boolean => keywords.some((keyword) => Object.hasOwn(node, keyword))
  if (has('properties', 'required', 'additionalProperties')) return 'object'
  if (has('items', 'prefixItems', 'minItems', 'maxItems')) return 'array'
  return has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf') ? 'number' : 'string'
}

function isOneOf(value: unknown, types: readonly unknown[]): boolean {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return types.length === 0 || types.includes(type) || (types.includes('integer') && Number.isInteger(value))
}
