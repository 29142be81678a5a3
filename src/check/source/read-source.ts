import { resolve } from 'node:path'
import type ts from 'typescript'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { loadCompiler, type Compiler } from './compiler.ts'
import { HandlerReader, type MethodAt } from './handler-reader.ts'
import { ParsedFiles, type ParsedFile } from './parsed-file.ts'
import { openPrograms, type Typed } from './program.ts'
import type { Source, SourceEntry, SourceMethod, WorkflowSource } from './source.ts'

/**
 * Finds the workflow classes of some files, and of files beside them that they import from or pass on: where each class,
 * method, state and signal stands, and what its doc comment says. Files are parsed, and run never.
 *
 * @param files their paths; one that is not there has no workflows
 * @param options `types`: read also what the type checker knows of handlers, with the `tsconfig.json` nearest to each
 *   file; takes about as long as `tsc` takes to read them. Default `false`
 * @throws StepwrightError `module-missing` where the package typescript is not installed
 * @example
 * const { workflows } = await readSource(['article.ts'])
 * console.log(workflows[0]?.methods.get('draft')?.doc)
 */
export async function readSource(files: readonly string[], options: SourceOptions = {}): Promise<Source> {
  return new SourceReader(await loadCompiler()).read(
    files.map((file) => resolve(file)),
    options,
  )
}

/** The same; nothing where the package typescript, without which findings have no lines, is not installed. */
export async function readSourceIfCan(
  files: readonly string[],
  options: SourceOptions = {},
  onMissing?: (error: StepwrightError) => void,
): Promise<Source | undefined> {
  try {
    return await readSource(files, options)
  } catch (error) {
    if (!(error instanceof StepwrightError && error.code === 'module-missing')) throw error
    onMissing?.(error)
    return undefined
  }
}

/** Options of {@link readSource}. */
export interface SourceOptions {
  readonly types?: boolean
}

/** The `states(...)` of a workflow. */
interface StatesCall {
  readonly file: ParsedFile
  readonly call: ts.CallExpression
}

class SourceReader {
  readonly #ts: Compiler
  #files: ParsedFiles
  #typed: readonly Typed[] = []

  constructor(compiler: Compiler) {
    this.#ts = compiler
    this.#files = new ParsedFiles(compiler)
  }

  read(paths: readonly string[], { types = false }: SourceOptions): Source {
    const workflows = this.#workflows(paths)
    if (!types || workflows.length === 0) return { workflows }
    // only what holds a workflow, and what that imports, is worth the time that types take
    this.#typed = openPrograms([...new Set(workflows.map(({ place }) => place.file))], this.#ts)
    this.#files = new ParsedFiles(this.#ts, (path) => this.#typedOf(path)?.program.getSourceFile(path))
    return { workflows: this.#workflows(paths) }
  }

  #workflows(paths: readonly string[]): readonly WorkflowSource[] {
    const near = paths.flatMap((path) => this.#files.get(path)?.imports ?? [])
    const seen = new Set([...paths, ...near])
    for (const path of seen) for (const next of this.#files.get(path)?.passesOn ?? []) seen.add(next)
    const files = [...seen].flatMap((path) => this.#files.get(path) ?? [])
    return files.flatMap((file) => file.classes.flatMap((node) => this.#workflow(file, node)))
  }

  #typedOf(path: string): Typed | undefined {
    return this.#typed.find(({ program }) => program.getSourceFile(path))
  }

  /** A class whose decorator is a `workflow(...)`, under whichever name. */
  #workflow(file: ParsedFile, node: ts.ClassLikeDeclaration): readonly WorkflowSource[] {
    for (const decorator of this.#ts.getDecorators(node) ?? []) {
      const call = decorator.expression
      if (!this.#ts.isCallExpression(call)) continue
      const { property, of } = this.#called(file, call.expression)
      if (property !== 'workflow') continue
      const name = this.#property(call.arguments[0], 'name')
      const declaration = of && this.#declaration(file, of)
      const methods = this.#methods(file, node)
      const typed = this.#typedOf(file.path)
      return [
        {
          ...file.entry(node, node.name ?? decorator),
          className: node.name?.text ?? '',
          ...(name && this.#ts.isStringLiteralLike(name) ? { workflow: name.text } : {}),
          methods: new Map(methods.map((method) => [method.name, methodEntry(method)])),
          ...(typed ? { handlers: new HandlerReader(this.#ts, typed).read(node, methods) } : {}),
          members: this.#members(declaration),
          signals: this.#keys(declaration, 'signals'),
          transactions: this.#keys(declaration, 'transactions'),
        },
      ]
    }
    return []
  }

  /** `Article.workflow` and `const { workflow } = Article` are both the property of a value. */
  #called(file: ParsedFile, callee: ts.Expression): { property?: string; of?: ts.Expression } {
    if (this.#ts.isPropertyAccessExpression(callee))
      return { property: callee.name.text, of: callee.expression }
    const found = this.#ts.isIdentifier(callee) ? file.declared.get(callee.text) : undefined
    return found?.kind === 'part' ? found : {}
  }

  /** The call of `states(...)` behind an expression. */
  #declaration(file: ParsedFile, of: ts.Expression): StatesCall | undefined {
    if (this.#ts.isCallExpression(of)) return { file, call: of }
    const target = this.#ts.isIdentifier(of) ? this.#files.follow(file, of.text) : undefined
    return target?.found.kind === 'value' && this.#ts.isCallExpression(target.found.node)
      ? { file: target.file, call: target.found.node }
      : undefined
  }

  /** The methods of the bases of a class, and its own: of those of one name the last counts. */
  #methods(
    file: ParsedFile,
    node: ts.ClassLikeDeclaration,
    below: readonly ts.Node[] = [],
  ): readonly MethodAt[] {
    const base = node.heritageClauses?.find(({ token }) => token === this.#ts.SyntaxKind.ExtendsKeyword)
      ?.types[0]?.expression
    const target = base && this.#ts.isIdentifier(base) ? this.#files.follow(file, base.text) : undefined
    const inherited =
      target?.found.kind === 'class' && ![...below, node].includes(target.found.node)
        ? this.#methods(target.file, target.found.node, [...below, node])
        : []
    const own = node.members
      .filter((member) => this.#ts.isMethodDeclaration(member))
      .flatMap((member) => {
        const { name } = member
        return this.#ts.isIdentifier(name) || this.#ts.isStringLiteralLike(name)
          ? [{ name: name.text, file, node: member }]
          : []
      })
    return [...inherited, ...own]
  }

  /** The members of the enum, or of the object that serves as one. */
  #members(declaration: StatesCall | undefined): ReadonlyMap<string, SourceEntry> {
    const [of] = declaration?.call.arguments ?? []
    if (!declaration || !of) return new Map()
    const target = this.#ts.isIdentifier(of)
      ? this.#files.follow(declaration.file, of.text)
      : { file: declaration.file, found: { kind: 'value', node: of } as const }
    if (!target) return new Map()
    const { file, found } = target
    if (found.kind === 'enum')
      return new Map(
        found.node.members.map((member) => [
          stored(member.name, member.initializer, this.#ts),
          file.entry(member, member.name),
        ]),
      )
    return found.kind === 'value' ? this.#entries(file, found.node) : new Map<string, SourceEntry>()
  }

  /** The keys of one of the options of `states(...)`. */
  #keys(declaration: StatesCall | undefined, option: string): ReadonlyMap<string, SourceEntry> {
    const of = declaration && this.#property(declaration.call.arguments[2], option)
    if (!of) return new Map()
    const entries = this.#object(of)?.properties ?? []
    return new Map(
      entries.flatMap((entry) =>
        entry.name && 'text' in entry.name
          ? [[entry.name.text, declaration.file.entry(entry, entry.name)] as const]
          : [],
      ),
    )
  }

  #entries(file: ParsedFile, node: ts.Expression): ReadonlyMap<string, SourceEntry> {
    return new Map(
      (this.#object(node)?.properties ?? []).flatMap((entry) =>
        this.#ts.isPropertyAssignment(entry)
          ? [[stored(entry.name, entry.initializer, this.#ts), file.entry(entry, entry.name)] as const]
          : [],
      ),
    )
  }

  #property(node: ts.Expression | undefined, name: string): ts.Expression | undefined {
    const found = node && this.#object(node)?.properties.find((entry) => entry.name?.getText() === name)
    return found && this.#ts.isPropertyAssignment(found) ? found.initializer : undefined
  }

  /** The literal behind `{ ... } as const` and the like. */
  #object(node: ts.Expression): ts.ObjectLiteralExpression | undefined {
    if (this.#ts.isObjectLiteralExpression(node)) return node
    return this.#ts.isAsExpression(node) || this.#ts.isSatisfiesExpression(node)
      ? this.#object(node.expression)
      : undefined
  }
}

function methodEntry({ file, node }: MethodAt): SourceMethod {
  const keyed = node.body?.getText(file.tree).includes('idempotencyKey') ?? false
  return { ...file.entry(node, node.name), keyed }
}

/** The name by which a member is stored: its text, or of a number the member's own name. */
function stored(name: ts.PropertyName, value: ts.Expression | undefined, compiler: Compiler): string {
  if (value && compiler.isStringLiteralLike(value)) return value.text
  return 'text' in name ? name.text : name.getText()
}
