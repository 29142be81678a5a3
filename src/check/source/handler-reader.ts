import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import { FitReader } from './fit.ts'
import { MoveReader, type FoundMove } from './moves.ts'
import { placeAt, type ParsedFile } from './parsed-file.ts'
import type { Role } from './origins.ts'
import type { Typed } from './program.ts'
import type { Member, Place, SourceEdge, SourceHandler, SourceMove } from './source.ts'
import { TrafficReader, type Traffic } from './traffic.ts'
import { bare, functionIn, property, returnedBy } from './syntax.ts'

/** A method of a class, in its file. */
export interface MethodAt {
  readonly name: string
  readonly file: ParsedFile
  readonly node: ts.MethodDeclaration
}

/** What the parameters of handlers are; those that are left out hold nothing that is followed. */
const ROLES: Readonly<Record<string, readonly (Role | undefined)[]>> = {
  ...{ step: ['input', 'context'], timer: ['input', 'context'], branch: ['input', 'context'] },
  ...{
    reminder: ['input', 'context'],
    wait: ['signal', 'input', 'context'],
    child: ['signal', 'input', 'context'],
  },
  ...{ map: [undefined, 'input', 'context'], children: [undefined, 'input', 'context'] },
  parallel: [undefined, 'input', 'context'],
}

const EDGES = [
  ['catch', 'catch'],
  ['expires', 'expires'],
  ['visits', 'maxVisits'],
] as const

/** A decorator of a method, taken apart. */
interface Decoration {
  readonly kind: string
  readonly state: Member
  readonly options: ts.ObjectLiteralExpression | undefined
}

/** Reads what types say of the decorated methods of a workflow class. */
export class HandlerReader {
  readonly #ts: Compiler
  readonly #typed: Typed
  readonly #moves: MoveReader
  readonly #fit: FitReader
  readonly #traffic: TrafficReader

  constructor(compiler: Compiler, typed: Typed) {
    this.#ts = compiler
    this.#typed = typed
    this.#moves = new MoveReader(compiler, typed.checker)
    this.#fit = new FitReader(compiler, typed)
    this.#traffic = new TrafficReader(compiler, typed.checker)
  }

  /** A method that redefines one of a base is what the decorators of both decorate. */
  read(of: ts.ClassLikeDeclaration, methods: readonly MethodAt[]): readonly SourceHandler[] {
    const own = methods.filter(({ file }) => this.#typed.program.getSourceFile(file.path) === file.tree)
    const last = new Map(own.map(({ name, node }) => [name, node]))
    const self = this.#typed.checker.getTypeAtLocation(of)
    const found = new Map<string, SourceHandler>()
    for (const { name, node } of own)
      for (const decoration of this.#decorations(node)) {
        const { kind, state } = decoration
        found.set(`${kind} ${state} ${name}`, this.#handler(name, last.get(name) ?? node, decoration, self))
      }
    return [...found.values()]
  }

  #handler(
    method: string,
    node: ts.MethodDeclaration,
    { kind, state, options }: Decoration,
    self: ts.Type,
  ): SourceHandler {
    const reduce = kind === 'map' ? functionIn(property(options, 'reduce', this.#ts), this.#ts) : undefined
    const traffic = this.#traffic.read(node, ROLES[kind] ?? [], self)
    const reduced = reduce && this.#traffic.read(reduce, ROLES['map'] ?? [], self)
    const { moves, complete } = this.#moves.of(reduce ?? node, self)
    return {
      kind,
      method,
      state,
      targets: this.#targets(options),
      edges: this.#edges(options, self),
      moves: moves.map((move) => this.#move(move, reduced ?? traffic)),
      prompts: [...traffic.prompts, ...(reduced?.prompts ?? [])],
      complete,
    }
  }

  #move({ to, node, call }: FoundMove, traffic: Traffic): SourceMove {
    const [, data, vars] = call?.arguments ?? []
    const [, parameter] = (call && this.#typed.checker.getResolvedSignature(call)?.getParameters()) ?? []
    const misfits =
      call && data && parameter
        ? this.#fit.misfits(data, this.#typed.checker.getTypeOfSymbolAtLocation(parameter, call))
        : []
    return {
      to,
      place: placeAt(node),
      misfits,
      feeds: data ? traffic.feeds(data) : new Map(),
      vars: vars ? traffic.feeds(vars) : new Map(),
    }
  }

  /** The ways out that carry data of their own. */
  #edges(options: ts.ObjectLiteralExpression | undefined, self: ts.Type): readonly SourceEdge[] {
    const { checker } = this.#typed
    return EDGES.flatMap(([by, name]) => {
      const given = property(options, name, this.#ts)
      const list = given && this.#ts.isArrayLiteralExpression(given) ? given.elements : given ? [given] : []
      return list.flatMap((edge): readonly SourceEdge[] => {
        const [target, data] = [property(edge, 'to', this.#ts), property(edge, 'with', this.#ts)]
        const [to] = (target && this.#moves.members(checker.getTypeAtLocation(target))) ?? []
        if (to === undefined || !data) return []
        const made = functionIn(data, this.#ts)
        const returned = made ? returnedBy(made, this.#ts) : []
        const misfits = returned.flatMap((one) => {
          const wanted = checker.getContextualType(one)
          return wanted ? this.#fit.misfits(one, wanted) : []
        })
        const traffic =
          made && this.#traffic.read(made, by === 'catch' ? [undefined, 'input'] : ['input'], self)
        const feeds = new Map(traffic ? returned.flatMap((one) => [...traffic.feeds(one)]) : [])
        return [{ by, to, place: placeAt(data), misfits, feeds }]
      })
    })
  }

  /** Its decorators that name a state. */
  #decorations(node: ts.MethodDeclaration): readonly Decoration[] {
    return (this.#ts.getDecorators(node) ?? []).flatMap(({ expression: call }) => {
      if (!this.#ts.isCallExpression(call)) return []
      const [of, ...rest] = call.arguments
      const kind = this.#kind(call.expression)
      const [state] = (of && this.#moves.members(this.#typed.checker.getTypeAtLocation(of))) ?? []
      if (kind === undefined || state === undefined) return []
      const options = rest.map((one) => bare(one, this.#ts)).find(this.#ts.isObjectLiteralExpression)
      return [{ kind, state, options }]
    })
  }

  /** `Article.step` and `const { step: does } = Article` are both the `step` of a declaration. */
  #kind(callee: ts.Expression): string | undefined {
    if (this.#ts.isPropertyAccessExpression(callee)) return callee.name.text
    const made = this.#typed.checker.getSymbolAtLocation(callee)?.valueDeclaration
    return made && this.#ts.isBindingElement(made) ? (made.propertyName ?? made.name).getText() : undefined
  }

  /** Where targets are written: in `to`, and in `on` by signal. */
  #targets(options: ts.ObjectLiteralExpression | undefined): ReadonlyMap<Member, Place> {
    const found = new Map<Member, Place>()
    const visit = (given: ts.Expression | undefined): void => {
      const node = given && bare(given, this.#ts)
      if (!node) return
      if (this.#ts.isArrayLiteralExpression(node)) return node.elements.forEach(visit)
      if (this.#ts.isObjectLiteralExpression(node)) return visit(property(node, 'to', this.#ts))
      for (const member of this.#moves.members(this.#typed.checker.getTypeAtLocation(node)) ?? [])
        if (!found.has(member)) found.set(member, placeAt(node))
    }
    visit(property(options, 'to', this.#ts))
    const on = property(options, 'on', this.#ts)
    if (on && this.#ts.isObjectLiteralExpression(on))
      for (const entry of on.properties) if (this.#ts.isPropertyAssignment(entry)) visit(entry.initializer)
    return found
  }
}
