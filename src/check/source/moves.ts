import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import type { Member } from './source.ts'
import { alternatives, bare, bodyOf, constantOf, returnedBy, settled } from './syntax.ts'

/** What a function may return. */
export interface Returns {
  readonly moves: readonly FoundMove[]
  /** There are no other moves: nothing of what is returned is hidden behind a type that says too little. */
  readonly complete: boolean
}

/** A move as it stands in the source. */
export interface FoundMove {
  /** Where it may go; one of them, unless the type of its target is a union. */
  readonly to: readonly Member[]
  readonly node: ts.Expression
  /** The call of `go`; none where only a type tells of the move. */
  readonly call?: ts.CallExpression
}

const NOTHING: Returns = { moves: [], complete: true }
const HIDDEN: Returns = { moves: [], complete: false }

/**
 * Finds the moves that functions return, as narrow as they are written: casts are looked under, functions of the same
 * project are looked into. What is left is told by types, as `go` and `llm.route` give them.
 */
export class MoveReader {
  readonly #ts: Compiler
  readonly #checker: ts.TypeChecker

  constructor(compiler: Compiler, checker: ts.TypeChecker) {
    this.#ts = compiler
    this.#checker = checker
  }

  /** What a function returns, in a class whose methods may redefine those that it calls. */
  of(fn: ts.SignatureDeclaration, self: ts.Type | undefined, above: readonly ts.Node[] = []): Returns {
    return all(returnedBy(fn, this.#ts).map((returned) => this.#returned(returned, self, [...above, fn])))
  }

  /** The members of the enum that a type stands for; `undefined` for a type that is wider. */
  members(type: ts.Type): readonly Member[] | undefined {
    if (type.flags & this.#ts.TypeFlags.Never) return []
    if (type.isUnion()) {
      const each = type.types.map((one) => this.members(one))
      return each.every((one) => one !== undefined) ? each.flat() : undefined
    }
    return type.isStringLiteral() || type.isNumberLiteral() ? [type.value] : undefined
  }

  #returned(given: ts.Expression, self: ts.Type | undefined, above: readonly ts.Node[]): Returns {
    const node = settled(given, this.#ts)
    const parts = alternatives(node, this.#ts)
    if (parts) return all(parts.map((part) => this.#returned(part, self, above)))
    const value = constantOf(node, this.#ts, this.#checker)?.initializer
    if (value) return this.#returned(value, self, above)
    if (!this.#ts.isCallExpression(node)) return this.#typed(node)
    if (this.#isGo(node)) return this.#moved(node, node.arguments[0])
    const typed = this.#typed(node)
    const called = bodyOf(node, self, this.#ts, this.#checker)
    if (!called) return typed
    if (above.includes(called)) return NOTHING // what else it returns is found where it was entered
    const inner = this.of(called, self, above)
    if (!inner.complete) return typed.complete ? typed : inner
    if (!typed.complete) return inner
    // the type at the call may be narrower: of a function that is told where to go
    const possible = new Set(typed.moves.flatMap(({ to }) => to))
    return { moves: inner.moves.filter(({ to }) => to.some((one) => possible.has(one))), complete: true }
  }

  /** A call of `go`, as one move for each target that is written there. */
  #moved(call: ts.CallExpression, target: ts.Expression | undefined): Returns {
    if (!target) return HIDDEN
    const node = bare(target, this.#ts)
    const parts = alternatives(node, this.#ts)
    if (parts) return all(parts.map((part) => this.#moved(call, part)))
    const to = this.members(this.#checker.getTypeAtLocation(node))
    return to ? { moves: [{ to, node: target, call }], complete: true } : HIDDEN
  }

  /** The moves in the type of an expression. */
  #typed(node: ts.Expression): Returns {
    const type = this.#checker.getTypeAtLocation(node)
    const awaited = this.#checker.getAwaitedType(type) ?? type
    return all((awaited.isUnion() ? awaited.types : [awaited]).map((one) => this.#typedAs(one, node)))
  }

  #typedAs(type: ts.Type, node: ts.Expression): Returns {
    const { Any, Unknown, TypeParameter } = this.#ts.TypeFlags
    if (type.flags & (Any | Unknown | TypeParameter)) return HIDDEN
    const target = this.#target(type)
    if (!target) return NOTHING
    const to = this.members(target)
    return to ? { moves: [{ to, node }], complete: true } : HIDDEN
  }

  /** The S of a `Go<S>`. */
  #target(type: ts.Type): ts.Type | undefined {
    if (type.symbol?.name !== 'Go' || !(type.flags & this.#ts.TypeFlags.Object)) return undefined
    return this.#checker.getTypeArguments(type as ts.TypeReference)[0]
  }

  /** A call that makes a move by its type, or where types are lost by the name that the declaration gives it. */
  #isGo({ expression }: ts.CallExpression): boolean {
    const signature = this.#checker.getTypeAtLocation(expression).getCallSignatures()[0]
    const declared = signature?.getDeclaration() as ts.SignatureDeclaration | undefined
    if (signature)
      return (
        declared?.name?.getText() === 'go' &&
        this.#target(this.#checker.getReturnTypeOfSignature(signature)) !== undefined
      )
    if (this.#ts.isPropertyAccessExpression(expression)) return expression.name.text === 'go'
    if (!this.#ts.isIdentifier(expression)) return false
    const made = this.#checker.getSymbolAtLocation(expression)?.valueDeclaration
    return (
      made !== undefined &&
      this.#ts.isBindingElement(made) &&
      (made.propertyName ?? made.name).getText() === 'go'
    )
  }
}

function all(parts: readonly Returns[]): Returns {
  return { moves: parts.flatMap(({ moves }) => moves), complete: parts.every(({ complete }) => complete) }
}
