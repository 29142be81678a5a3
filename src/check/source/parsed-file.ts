import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type ts from 'typescript'
import type { Compiler } from './compiler.ts'
import type { Place, SourceEntry } from './source.ts'

/** Something that stands at the top of a file under a name. */
export type Declared =
  | { readonly kind: 'class'; readonly node: ts.ClassLikeDeclaration }
  | { readonly kind: 'enum'; readonly node: ts.EnumDeclaration }
  | { readonly kind: 'value'; readonly node: ts.Expression }
  /** `const { workflow: name } = value`: a property of a value. */
  | { readonly kind: 'part'; readonly of: ts.Expression; readonly property: string }
  | { readonly kind: 'import'; readonly from: string; readonly name: string }

/** One file with what stands at its top. */
export class ParsedFile {
  readonly path: string
  readonly tree: ts.SourceFile
  readonly declared: ReadonlyMap<string, Declared>
  /** All classes, also those in functions. */
  readonly classes: readonly ts.ClassLikeDeclaration[]
  /** Files beside it that it imports from, and those whose exports it passes on. */
  readonly imports: readonly string[]
  readonly passesOn: readonly string[]
  readonly #ts: Compiler

  constructor(path: string, tree: ts.SourceFile, compiler: Compiler) {
    this.path = path
    this.#ts = compiler
    this.tree = tree
    const declared = new Map<string, Declared>()
    const classes: ts.ClassLikeDeclaration[] = []
    const imports: string[] = []
    const passesOn: string[] = []
    const visit = (node: ts.Node): void => {
      if (compiler.isClassLike(node)) {
        classes.push(node)
        if (node.name) declare(node.name.text, { kind: 'class', node })
      } else if (compiler.isEnumDeclaration(node)) declare(node.name.text, { kind: 'enum', node })
      else if (compiler.isVariableDeclaration(node)) this.#addVariable(node, declare)
      else if (compiler.isImportDeclaration(node)) this.#addImport(node, declare, imports)
      else if (compiler.isExportDeclaration(node)) this.#addExport(node, declare, passesOn)
      compiler.forEachChild(node, visit)
    }
    // the outermost of one name counts: what is inside a function is seen later
    const declare = (name: string, found: Declared): void =>
      void (declared.has(name) || declared.set(name, found))
    visit(this.tree)
    this.declared = declared
    this.classes = classes
    this.imports = imports
    this.passesOn = passesOn
  }

  /** Where a node stands, and what its doc comment says. */
  entry(node: ts.Node, name: ts.Node = node): SourceEntry {
    const doc = this.#docOf(node)
    return { place: this.place(name), ...(doc === '' ? {} : { doc }) }
  }

  place(node: ts.Node): Place {
    return placeIn(this.tree, node)
  }

  #docOf(node: ts.Node): string {
    const docs = this.#ts.getJSDocCommentsAndTags(node).filter((part) => this.#ts.isJSDoc(part))
    return (this.#ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? '').trim()
  }

  #addVariable(
    { name, initializer }: ts.VariableDeclaration,
    declare: (name: string, found: Declared) => void,
  ): void {
    if (!initializer) return
    if (this.#ts.isIdentifier(name)) declare(name.text, { kind: 'value', node: initializer })
    else
      for (const part of name.elements) {
        if (!this.#ts.isBindingElement(part) || !this.#ts.isIdentifier(part.name)) continue
        const property =
          part.propertyName && this.#ts.isIdentifier(part.propertyName)
            ? part.propertyName.text
            : part.name.text
        declare(part.name.text, { kind: 'part', of: initializer, property })
      }
  }

  #addImport(
    { importClause, moduleSpecifier }: ts.ImportDeclaration,
    declare: (name: string, found: Declared) => void,
    imports: string[],
  ): void {
    const [from] = this.#target(moduleSpecifier)
    if (from === undefined) return
    imports.push(from)
    if (importClause?.name) declare(importClause.name.text, { kind: 'import', from, name: 'default' })
    const named = importClause?.namedBindings
    if (named && this.#ts.isNamedImports(named))
      for (const part of named.elements)
        declare(part.name.text, { kind: 'import', from, name: (part.propertyName ?? part.name).text })
  }

  /** `export { Name as Other } from './file.ts'`, and `export * from`. */
  #addExport(
    { exportClause, moduleSpecifier }: ts.ExportDeclaration,
    declare: (name: string, found: Declared) => void,
    passesOn: string[],
  ): void {
    const [from] = this.#target(moduleSpecifier)
    if (from === undefined) return
    passesOn.push(from)
    if (exportClause && this.#ts.isNamedExports(exportClause))
      for (const part of exportClause.elements)
        declare(part.name.text, { kind: 'import', from, name: (part.propertyName ?? part.name).text })
  }

  /** The file beside this one that a specifier means, if it is there. */
  #target(specifier: ts.Expression | undefined): readonly string[] {
    if (!specifier || !this.#ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return []
    const path = resolve(dirname(this.path), specifier.text)
    const written = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
    const all = [written, path, ...ENDINGS.map((ending) => `${path}${ending}`)]
    return all.filter(isFile).slice(0, 1)
  }
}
/** Where a node stands. */
export function placeAt(node: ts.Node): Place {
  return placeIn(node.getSourceFile(), node)
}

/** Where a node stands in its file. */
function placeIn(tree: ts.SourceFile, node: ts.Node): Place {
  const start = tree.getLineAndCharacterOfPosition(node.getStart(tree))
  const end = tree.getLineAndCharacterOfPosition(node.getEnd())
  const endColumn = end.line === start.line ? end.character : start.character + 1
  return {
    file: tree.fileName,
    line: start.line + 1,
    column: start.character + 1,
    endColumn: endColumn + 1,
  }
}

const ENDINGS: readonly string[] = ['.ts', '.tsx', '.mts', '.js', '/index.ts', '/index.js']

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** The files that were asked for, each parsed once. */
export class ParsedFiles {
  readonly #compiler: Compiler
  readonly #opened: (path: string) => ts.SourceFile | undefined
  readonly #files = new Map<string, ParsedFile | undefined>()

  /** `opened` gives files that are parsed already. */
  constructor(compiler: Compiler, opened: (path: string) => ts.SourceFile | undefined = () => undefined) {
    this.#compiler = compiler
    this.#opened = opened
  }

  /** `undefined`: there is no such file. */
  get(path: string): ParsedFile | undefined {
    if (!this.#files.has(path)) {
      const tree = this.#opened(path) ?? this.#parse(path)
      this.#files.set(path, tree && new ParsedFile(path, tree, this.#compiler))
    }
    return this.#files.get(path)
  }

  #parse(path: string): ts.SourceFile | undefined {
    const { createSourceFile, ScriptTarget } = this.#compiler
    return existsSync(path)
      ? createSourceFile(path, readFileSync(path, 'utf8'), ScriptTarget.Latest, true)
      : undefined
  }

  /** What a name of a file stands for, followed through imports. */
  follow(file: ParsedFile, name: string, depth = 0): { file: ParsedFile; found: Declared } | undefined {
    const found = file.declared.get(name) ?? (name === 'default' ? defaultOf(file) : undefined)
    if (found && found.kind !== 'import') return { file, found }
    if (depth > MOST_IMPORTS) return undefined
    const places = found ? [[found.from, found.name]] : file.passesOn.map((from) => [from, name])
    for (const [from = '', as = ''] of places) {
      const next = this.get(from)
      const there = next && this.follow(next, as, depth + 1)
      if (there) return there
    }
    return undefined
  }
}
/** Longer chains of files that pass a name on are taken for circles. */
const MOST_IMPORTS = 20

function defaultOf({ classes }: ParsedFile): Declared | undefined {
  const node = classes.find(({ modifiers }) =>
    modifiers?.some((modifier) => modifier.getText() === 'default'),
  )
  return node && { kind: 'class', node }
}
