import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import type { Origin } from './source.ts'
import { bare } from './syntax.ts'

/** What a parameter of a handler is. */
export type Role = Origin['of'] | 'context'

/** What a name stands for: one of the things that a handler is given, or something made of their fields. */
export interface Value {
  readonly role?: Role | undefined
  readonly from: readonly Origin[]
}

export const NOBODY: Value = { from: [] }

/**
 * Says of which fields a value in a function may be made, the functions inside it included. Generous: what is made by a call
 * is made of all that the call is given. Conditions and comparisons hand nothing on.
 */
export class Origins {
  readonly #ts: Compiler
  readonly #checker: ts.TypeChecker
  readonly #body: ts.SignatureDeclaration
  readonly #parameters: readonly Value[]
  /** Calls whose results are not made of what they are given. */
  readonly #isOpaque: (call: ts.CallExpression) => boolean
  readonly #known = new Map<ts.Node, Value>()
  readonly #written = new Map<ts.Symbol, ts.Expression[]>()

  constructor(
    compiler: Compiler,
    checker: ts.TypeChecker,
    body: ts.SignatureDeclaration,
    parameters: readonly Value[],
    isOpaque: (call: ts.CallExpression) => boolean,
  ) {
    this.#ts = compiler
    this.#checker = checker
    this.#body = body
    this.#parameters = parameters
    this.#isOpaque = isOpaque
    this.#note(body)
  }

  /** The fields that an expression may be made of. */
  of(node: ts.Expression): readonly Origin[] {
    const { role, from } = this.value(node)
    if (role === undefined || role === 'context') return from
    return this.fields(node).map((field) => ({ of: role, field }))
  }

  /** The names of the fields of an expression; `*`, where its type does not tell. */
  fields(node: ts.Expression): readonly string[] {
    const names = this.#checker
      .getPropertiesOfType(this.#checker.getTypeAtLocation(node))
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('__@'))
    return names.length > 0 ? names : ['*']
  }

  value(outer: ts.Node): Value {
    const node = this.#ts.isExpression(outer) ? bare(outer, this.#ts) : outer
    if (this.#ts.isIdentifier(node)) return this.#named(this.#checker.getSymbolAtLocation(node))
    if (this.#ts.isShorthandPropertyAssignment(node))
      return this.#named(this.#checker.getShorthandAssignmentValueSymbol(node))
    if (this.#ts.isPropertyAccessExpression(node))
      return this.#member(this.value(node.expression), node.name.text)
    if (this.#ts.isElementAccessExpression(node)) {
      const key = node.argumentExpression
      return this.#ts.isStringLiteralLike(key)
        ? this.#member(this.value(node.expression), key.text)
        : { from: this.of(node.expression) }
    }
    if (this.#ts.isAwaitExpression(node)) return this.value(node.expression)
    if (this.#ts.isCallExpression(node) && this.#isOpaque(node)) return NOBODY
    if (this.#ts.isConditionalExpression(node))
      return { from: [...this.of(node.whenTrue), ...this.of(node.whenFalse)] }
    if (this.#ts.isPropertyAssignment(node)) return { from: this.of(node.initializer) }
    if (this.#ts.isExpression(node) && this.#tellsNothing(node)) return NOBODY
    const from: Origin[] = []
    this.#ts.forEachChild(node, (child) => {
      if (!this.#ts.isTypeNode(child))
        from.push(...(this.#ts.isExpression(child) ? this.of(child) : this.value(child).from))
    })
    return { from: unique(from) }
  }

  /** Yes and no, and what is nothing, give nobody away. */
  #tellsNothing(node: ts.Expression): boolean {
    const { BooleanLike, Undefined, Null, Void } = this.#ts.TypeFlags
    if (this.#ts.isFunctionLike(node) || this.#ts.isSpreadElement(node)) return false
    const { flags } = this.#checker.getTypeAtLocation(node)
    return (flags & (BooleanLike | Undefined | Null | Void)) !== 0
  }

  #member({ role, from }: Value, name: string): Value {
    if (role === undefined) return name === 'length' ? NOBODY : { from }
    if (role !== 'context') return { from: [{ of: role, field: name }] }
    return name === 'vars' || name === 'session' ? { role: name, from: [] } : NOBODY
  }

  #named(symbol: ts.Symbol | undefined): Value {
    const made = symbol?.valueDeclaration
    if (!symbol || !made) return NOBODY
    const known = this.#known.get(made)
    if (known) return known
    this.#known.set(made, NOBODY) // what is made of itself is made of the rest
    const first = this.#declared(made)
    const later = (this.#written.get(symbol) ?? []).flatMap((node) => this.of(node))
    const value = later.length === 0 ? first : { role: first.role, from: unique([...first.from, ...later]) }
    this.#known.set(made, value)
    return value
  }

  #declared(made: ts.Node): Value {
    if (this.#ts.isBindingElement(made)) {
      const whole = this.#declared(made.parent.parent)
      if (made.dotDotDotToken) return whole
      const name = made.propertyName ?? made.name
      return this.#ts.isArrayBindingPattern(made.parent) || !('text' in name)
        ? { from: whole.role === undefined ? whole.from : [] }
        : this.#member(whole, name.text)
    }
    if (this.#ts.isParameter(made)) return this.#parameter(made)
    if (!this.#ts.isVariableDeclaration(made)) return NOBODY
    if (made.initializer) return this.#inside(made) ? this.value(made.initializer) : NOBODY
    const loop = made.parent.parent
    return this.#ts.isForOfStatement(loop) ? { from: this.of(loop.expression) } : NOBODY
  }

  #inside(node: ts.Node): boolean {
    for (let at: ts.Node | undefined = node; at; at = at.parent) if (at === this.#body) return true
    return false
  }

  /** Of the function itself it is known; one of a function inside is what that is called with, or what calls it. */
  #parameter(made: ts.ParameterDeclaration): Value {
    const fn = made.parent
    if (fn === this.#body) return this.#parameters[fn.parameters.indexOf(made)] ?? NOBODY
    if (!this.#inside(made)) return NOBODY
    const holder = fn.parent
    if (this.#ts.isCallExpression(holder)) return { from: this.#given(holder, fn) }
    const name = this.#ts.isVariableDeclaration(holder) ? holder.name : fn.name
    const symbol = name && this.#checker.getSymbolAtLocation(name)
    const calls = symbol ? this.#uses(symbol) : []
    return { from: unique(calls.flatMap((call) => this.#given(call, undefined))) }
  }

  /** What a call is given besides functions, and what it is a method of. */
  #given(call: ts.CallExpression, fn: ts.Node | undefined): readonly Origin[] {
    const others = call.arguments.filter((one) => one !== fn && !this.#ts.isFunctionLike(one))
    const receiver = this.#ts.isPropertyAccessExpression(call.expression) ? [call.expression.expression] : []
    return unique([...receiver, ...others].flatMap((one) => this.of(one)))
  }

  /** The calls of a function that has a name, and those it is handed to. */
  #uses(symbol: ts.Symbol): readonly ts.CallExpression[] {
    const found: ts.CallExpression[] = []
    const visit = (node: ts.Node): void => {
      if (this.#ts.isCallExpression(node))
        for (const part of [node.expression, ...node.arguments])
          if (this.#ts.isIdentifier(part) && this.#checker.getSymbolAtLocation(part) === symbol)
            found.push(node)
      this.#ts.forEachChild(node, visit)
    }
    visit(this.#body)
    return found
  }

  /** Notes what is put into variables after they were made: by assignments, and by methods such as `push`. */
  #note(node: ts.Node): void {
    const into = (target: ts.Expression, ...values: readonly ts.Expression[]): void => {
      const at = this.#ts.isPropertyAccessExpression(target) ? target.expression : target
      const symbol = this.#ts.isIdentifier(at) ? this.#checker.getSymbolAtLocation(at) : undefined
      if (symbol) this.#written.set(symbol, [...(this.#written.get(symbol) ?? []), ...values])
    }
    const { FirstAssignment, LastAssignment } = this.#ts.SyntaxKind
    if (this.#ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken
      if (kind >= FirstAssignment && kind <= LastAssignment) into(node.left, node.right)
    } else if (this.#ts.isCallExpression(node) && this.#ts.isPropertyAccessExpression(node.expression)) {
      if (FILLING.includes(node.expression.name.text)) into(node.expression, ...node.arguments)
    }
    this.#ts.forEachChild(node, (child) => this.#note(child))
  }
}
const FILLING: readonly string[] = ['push', 'unshift', 'add', 'set', 'append', 'splice']

/** Each once. */
export function unique(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((one) => [`${one.of} ${one.field}`, one])).values()]
}
