import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import { NOBODY, Origins, unique, type Role, type Value } from './origins.ts'
import type { Origin, SourcePrompt } from './source.ts'
import { placeAt } from './parsed-file.ts'
import { alternatives, bare, bodyOf, constantOf } from './syntax.ts'

/** By field of what is handed over, what it may be made of. */
export type Feeds = ReadonlyMap<string, readonly Origin[]>

/** What goes where in a handler. */
export interface Traffic {
  readonly prompts: readonly SourcePrompt[]
  /** What an expression that is handed on, and stands in the handler or in what it calls, is made of. */
  feeds(node: ts.Expression): Feeds
}

/** Deeper calls are not looked into. */
const DEEPEST = 5

/** Finds what handlers hand to models, and to the states after them. */
export class TrafficReader {
  readonly #ts: Compiler
  readonly #checker: ts.TypeChecker

  constructor(compiler: Compiler, checker: ts.TypeChecker) {
    this.#ts = compiler
    this.#checker = checker
  }

  read(fn: ts.SignatureDeclaration, roles: readonly (Role | undefined)[], self: ts.Type): Traffic {
    const prompts: SourcePrompt[] = []
    const scopes: { readonly fn: ts.Node; readonly origins: Origins }[] = []
    const seen = new Map<ts.Node, Set<string>>()
    const enter = (body: ts.SignatureDeclaration, given: readonly Value[], depth: number): void => {
      const before = seen.get(body) ?? new Set()
      if (before.has(JSON.stringify(given))) return
      seen.set(body, before.add(JSON.stringify(given)))
      const origins = new Origins(this.#ts, this.#checker, body, given, (call) => this.#isModel(call))
      scopes.push({ fn: body, origins })
      const visit = (node: ts.Node): void => {
        this.#ts.forEachChild(node, visit)
        if (!this.#ts.isCallExpression(node)) return
        const called = this.#isModel(node) ? undefined : bodyOf(node, self, this.#ts, this.#checker)
        if (called && !isWithin(called, body)) {
          const values = node.arguments.map((one) => origins.value(one))
          if (depth < DEEPEST && values.some(({ role, from }) => role ?? from.length > 0))
            enter(called, values, depth + 1)
        } else if (!called && (this.#isModel(node) || node.arguments.some((one) => this.#isModelType(one)))) {
          const from = unique(node.arguments.flatMap((one) => origins.of(one)))
          prompts.push({ place: placeAt(node), call: node.expression.getText(), from })
        }
      }
      this.#ts.forEachChild(body, visit)
    }
    enter(
      fn,
      roles.map((role) => (role ? { role, from: [] } : NOBODY)),
      0,
    )
    return {
      prompts,
      feeds: (node) =>
        merged(
          scopes
            .filter((scope) => isWithin(node, scope.fn))
            .map(({ origins }) => this.#fields(node, origins)),
        ),
    }
  }

  #fields(outer: ts.Expression, origins: Origins): Feeds {
    const node = bare(outer, this.#ts)
    const parts = alternatives(node, this.#ts)
    if (parts) return merged(parts.map((part) => this.#fields(part, origins)))
    const value = constantOf(node, this.#ts, this.#checker)?.initializer
    if (value && this.#ts.isObjectLiteralExpression(bare(value, this.#ts)))
      return this.#fields(value, origins)
    if (this.#ts.isObjectLiteralExpression(node))
      return merged(
        node.properties.map((entry) => {
          if (this.#ts.isSpreadAssignment(entry)) return this.#fields(entry.expression, origins)
          const name = 'text' in entry.name ? entry.name.text : '*'
          return new Map([
            [name, origins.value(entry).role ? this.#whole(entry, origins) : origins.value(entry).from],
          ])
        }),
      )
    const { role, from } = origins.value(node)
    return new Map(
      origins
        .fields(node)
        .map((field) => [field, role && role !== 'context' ? [{ of: role, field }] : from] as const),
    )
  }

  /** All of an input, as one field. */
  #whole(entry: ts.ObjectLiteralElementLike, origins: Origins): readonly Origin[] {
    return this.#ts.isPropertyAssignment(entry)
      ? origins.of(entry.initializer)
      : this.#ts.isShorthandPropertyAssignment(entry)
        ? origins.of(entry.name)
        : []
  }

  /** A call of a verb of `Llm`, of a `Model`, or of what is marked as one. */
  #isModel(call: ts.CallExpression): boolean {
    const declared = this.#checker.getResolvedSignature(call)?.getDeclaration()
    const holder = declared?.parent as ts.Node | undefined
    if (holder && (this.#ts.isClassLike(holder) || this.#ts.isInterfaceDeclaration(holder))) {
      const name = holder.name?.text ?? ''
      if (MODELS.includes(name) && IN_OUR_MODELS.test(holder.getSourceFile().fileName)) return true
      if (isTagged(this.#ts.getJSDocTags(holder))) return true
    }
    const { expression } = call
    return this.#ts.isPropertyAccessExpression(expression)
      ? this.#isModelType(expression.expression)
      : this.#isModelType(expression)
  }

  #isModelType(node: ts.Expression): boolean {
    const type = this.#checker.getTypeAtLocation(node)
    const declared = [type.aliasSymbol, type.symbol].flatMap((symbol) => symbol?.declarations ?? [])
    return declared.some(
      (made) =>
        (('name' in made &&
          (made.name as ts.Node | undefined)?.getText() === 'Llm' &&
          IN_OUR_MODELS.test(made.getSourceFile().fileName)) as boolean) ||
        isTagged(this.#ts.getJSDocTags(made)),
    )
  }
}
const MODELS: readonly string[] = ['Verbs', 'Model']
const IN_OUR_MODELS = /\/llm\/(llm|model)\.(d\.)?ts$/

/** `@model` in the doc comment of a type. */
function isTagged(tags: readonly ts.JSDocTag[]): boolean {
  return tags.some(({ tagName }) => tagName.text === 'model')
}

function isWithin(node: ts.Node, outer: ts.Node): boolean {
  return node.getSourceFile() === outer.getSourceFile() && node.pos >= outer.pos && node.end <= outer.end
}

function merged(all: readonly Feeds[]): Feeds {
  const found = new Map<string, readonly Origin[]>()
  for (const [field, from] of all.flatMap((one) => [...one]))
    found.set(field, unique([...(found.get(field) ?? []), ...from]))
  return found
}
