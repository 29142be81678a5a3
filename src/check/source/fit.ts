import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import type { Typed } from './program.ts'
import type { Misfit } from './source.ts'
import { bare, constantOf } from './syntax.ts'

/** What is sure of a value that stands in the source: never more than that. */
interface Given {
  /** What it may be; `undefined`: anything. */
  readonly kinds: ReadonlySet<string> | undefined
  /** Of an object, what is written there. */
  readonly fields?: ReadonlyMap<string, Field>
  /** It has no other fields. */
  readonly closed?: boolean
}

interface Field {
  readonly given: Given
  /** It is always there, and not `undefined`. */
  readonly sure: boolean
}

const ANYTHING: Given = { kinds: undefined }
const OBJECT: ReadonlySet<string> = new Set(['an object'])

/**
 * Says what is wrong for sure with data that is handed to a state, whatever casts say of it: a field that is missing, one that
 * the state does not have, or one of another kind. Looks at what is written: objects, what they are spread from,
 * and the input of the handler, whose fields are known to be exactly those of its type.
 */
export class FitReader {
  readonly #ts: Compiler
  readonly #checker: ts.TypeChecker
  /** Types say where a value may be missing. */
  readonly #strict: boolean

  constructor(compiler: Compiler, { program, checker }: Typed) {
    this.#ts = compiler
    this.#checker = checker
    const { strict = parseFloat(compiler.versionMajorMinor) >= 6, strictNullChecks = strict } =
      program.getCompilerOptions()
    this.#strict = strictNullChecks
  }

  /** Why a value is not of a type. */
  misfits(node: ts.Expression, wanted: ts.Type): readonly Misfit[] {
    return this.#compare(this.#given(node), wanted, '')
  }

  #compare(given: Given, wanted: ts.Type, path: string): readonly Misfit[] {
    if (wanted.isUnion()) {
      const each = wanted.types.map((type) => this.#compare(given, type, path))
      if (each.some((misfits) => misfits.length === 0)) return []
      // of several that it could be, the nearest of its own kind is told of
      const near = each.filter((misfits) => misfits.some((misfit) => misfit.path !== path))
      const [nearest] = near.toSorted((a, b) => a.length - b.length)
      if (nearest) return nearest
    }
    const kinds = this.#kinds(wanted)
    if (!given.kinds || !kinds) return []
    if (![...given.kinds].some((kind) => kinds.has(kind)))
      return [{ fault: 'other', path, is: say(given.kinds), wants: say(kinds) }]
    return given.fields && kinds.has('an object') && !wanted.isUnion()
      ? this.#compareFields(given, wanted, path)
      : []
  }

  #compareFields({ fields = new Map(), closed }: Given, wanted: ts.Type, path: string): readonly Misfit[] {
    const at = (name: string): string => (path ? `${path}.${name}` : name)
    const open = this.#checker.getIndexInfosOfType(wanted).length > 0
    const known = this.#checker.getPropertiesOfType(wanted)
    const missing = known
      .filter(({ name, flags }) => closed && !(flags & this.#ts.SymbolFlags.Optional) && !fields.has(name))
      .filter((field) => this.#kinds(this.#checker.getTypeOfSymbol(field))?.has('undefined') === false)
      .map(({ name }): Misfit => ({ fault: 'missing', path: at(name) }))
    const rest = [...fields].flatMap(([name, { given, sure }]): readonly Misfit[] => {
      const field = this.#checker.getPropertyOfType(wanted, name)
      if (!sure) return []
      if (field) return this.#compare(given, this.#checker.getTypeOfSymbol(field), at(name))
      return open ? [] : [{ fault: 'extra', path: at(name) }]
    })
    return [...missing, ...rest]
  }

  #given(outer: ts.Expression): Given {
    const node = bare(outer, this.#ts)
    if (this.#ts.isObjectLiteralExpression(node)) return this.#object(node)
    if (this.#ts.isConditionalExpression(node))
      return either(this.#given(node.whenTrue), this.#given(node.whenFalse))
    const value = constantOf(node, this.#ts, this.#checker)
    // with a type of its own, or in JavaScript, it may be given more fields later
    if (value?.initializer && !value.type && !(value.flags & this.#ts.NodeFlags.JavaScriptFile))
      return this.#given(value.initializer)
    const type = this.#checker.getTypeAtLocation(node)
    return this.#isInput(type) ? this.#exact(type) : { kinds: this.#kinds(type) }
  }

  #object(node: ts.ObjectLiteralExpression): Given {
    const fields = new Map<string, Field>()
    let closed = true
    for (const entry of node.properties) {
      if (this.#ts.isSpreadAssignment(entry)) {
        const spread = this.#given(entry.expression)
        if (!spread.closed) {
          closed = false // it may have any field, also those that stand before it
          for (const name of fields.keys()) fields.set(name, { given: ANYTHING, sure: true })
        }
        for (const [name, field] of spread.fields ?? [])
          fields.set(name, field.sure ? field : { given: ANYTHING, sure: fields.get(name)?.sure ?? false })
        continue
      }
      const name = this.#nameOf(entry.name)
      if (name === undefined) closed = false
      else fields.set(name, this.#field(entry))
    }
    return { kinds: OBJECT, fields, closed }
  }

  #field(entry: Exclude<ts.ObjectLiteralElementLike, ts.SpreadAssignment>): Field {
    const given = this.#ts.isPropertyAssignment(entry)
      ? this.#given(entry.initializer)
      : this.#ts.isShorthandPropertyAssignment(entry)
        ? this.#shorthand(entry)
        : ANYTHING
    return { given, sure: this.#isSure(given.kinds) }
  }

  #shorthand(entry: ts.ShorthandPropertyAssignment): Given {
    const value = this.#checker.getShorthandAssignmentValueSymbol(entry)
    return value
      ? { kinds: this.#kinds(this.#checker.getTypeOfSymbolAtLocation(value, entry.name)) }
      : ANYTHING
  }

  #isSure(kinds: ReadonlySet<string> | undefined): boolean {
    return this.#strict && kinds?.has('undefined') === false
  }

  #nameOf(name: ts.PropertyName): string | undefined {
    if ('text' in name) return name.text
    if (!this.#ts.isComputedPropertyName(name)) return undefined
    const type = this.#checker.getTypeAtLocation(name.expression)
    return type.isStringLiteral() || type.isNumberLiteral() ? String(type.value) : undefined
  }

  /** The input of a handler: a schema has read it, so it has the fields of its type and no others. */
  #isInput(type: ts.Type): boolean {
    return (
      !type.isUnion() &&
      this.#checker.getIndexInfosOfType(type).length === 0 &&
      this.#checker.getPropertiesOfType(type).some(({ name }) => name.startsWith('__@HANDLES'))
    )
  }

  #exact(type: ts.Type): Given {
    const fields = this.#checker
      .getPropertiesOfType(type)
      .filter(({ name }) => !name.startsWith('__@'))
      .map((symbol): [string, Field] => {
        const kinds = this.#kinds(this.#checker.getTypeOfSymbol(symbol))
        const optional = (symbol.flags & this.#ts.SymbolFlags.Optional) !== 0
        return [symbol.name, { given: { kinds }, sure: this.#isSure(kinds) && !optional }]
      })
    return { kinds: OBJECT, fields: new Map(fields), closed: true }
  }

  /** What values of a type may be; `undefined`: anything. */
  #kinds(type: ts.Type): ReadonlySet<string> | undefined {
    const { TypeFlags: flags } = this.#ts
    const table: readonly [number, string][] = [
      [flags.StringLike, 'text'],
      [flags.NumberLike, 'a number'],
      [flags.BooleanLike, 'a boolean'],
      [flags.BigIntLike, 'a bigint'],
      [flags.Null, 'null'],
      [flags.Undefined | flags.Void, 'undefined'],
    ]
    if (type.isUnion()) {
      const each = type.types.map((one) => this.#kinds(one))
      return each.every((one) => one !== undefined) ? new Set(each.flatMap((one) => [...one])) : undefined
    }
    const found = table.find(([flag]) => type.flags & flag)
    if (found) return new Set([found[1]])
    if (type.isIntersection()) {
      const parts = type.types.map((one) => this.#kinds(one))
      return parts.find((one) => one && !one.has('an object')) ?? parts[0]
    }
    if (!(type.flags & flags.Object)) return undefined
    if (this.#checker.isArrayLikeType(type)) return new Set(['a list'])
    // what is empty takes anything, and what can be called is not data
    const empty = this.#checker.getPropertiesOfType(type).length === 0
    if (empty && this.#checker.getIndexInfosOfType(type).length === 0 && !this.#isLiteral(type))
      return undefined
    return OBJECT
  }

  #isLiteral({ symbol }: ts.Type): boolean {
    return symbol !== undefined && (symbol.flags & this.#ts.SymbolFlags.ObjectLiteral) !== 0
  }
}

/** One of two: what is sure of both. */
function either(a: Given, b: Given): Given {
  if (!a.kinds || !b.kinds) return ANYTHING
  const kinds = new Set([...a.kinds, ...b.kinds])
  if (!a.fields || !b.fields) return { kinds }
  const names = new Set([...a.fields.keys(), ...b.fields.keys()])
  const fields = [...names].map((name): [string, Field] => {
    const [one, other] = [a.fields?.get(name), b.fields?.get(name)]
    if (!one || !other) return [name, { given: ANYTHING, sure: false }]
    return [name, { given: either(one.given, other.given), sure: one.sure && other.sure }]
  })
  return { kinds, fields: new Map(fields), closed: a.closed === true && b.closed === true }
}

function say(kinds: ReadonlySet<string>): string {
  return [...kinds].sort().join(' or ')
}
