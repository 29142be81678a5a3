import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .sort()

/** The rooms by floor: a file imports its own room and rooms on lower floors. */
const FLOORS: readonly (readonly string[])[] = [
  ['src/errors'],
  ['src/model'],
  ['src/definition', 'src/store'],
  ['src/compile', 'src/llm'],
  ['src/runtime', 'src/inspect'],
  ['src/control', 'src/check'],
  ['src/schedule'],
  [
    'src/engine.ts',
    'src/engine-parts.ts',
    'src/options.ts',
    'src/inspection.ts',
    'src/schedules.ts',
    'src/session.ts',
    'src/index.ts',
  ],
  ['src/testing', 'src/eval'],
  ['src/deploy', 'src/outlook'],
  ['src/cli'],
]
/** Third-party packages and where they may be used. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  zod: [
    'src/definition',
    'src/store',
    'src/llm',
    'src/compile',
    'src/testing',
    'src/eval',
    'src/outlook',
    'src/cli',
  ],
  keyv: ['src/store'],
  '@keyv/redis': ['src/store'],
  devalue: ['src/store', 'src/cli/source-text.ts'],
  xstate: ['src/compile', 'src/control/run-handle.ts', 'src/inspect', 'src/testing'],
  openai: ['src/llm'],
  '@opentelemetry/api': ['src/llm'],
  ws: ['src/inspect'],
  '@viz-js/viz': ['src/inspect/drawing'],
  commander: ['src/cli'],
  croner: ['src/schedule'],
  typescript: ['src/check/source'],
  tsx: ['src/cli'],
  esbuild: ['src/testing'],
}

const floorOf = (file: string): number =>
  FLOORS.findIndex((rooms) => rooms.some((room) => file === room || file.startsWith(`${room}/`)))
const roomOf = (file: string): string =>
  FLOORS.flat().find((room) => file === room || file.startsWith(`${room}/`)) ?? file

interface Import {
  readonly from: string
  /** A file of ours, or the name of a package. */
  readonly to: string
  readonly own: boolean
}

function importsOf(file: string): readonly Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
  return importedFiles.flatMap(({ fileName }): readonly Import[] => {
    if (fileName.startsWith('.'))
      return [{ from: file, to: relative(root, resolve(root, dirname(file), fileName)), own: true }]
    const name = fileName.startsWith('@') ? fileName.split('/', 2).join('/') : (fileName.split('/')[0] ?? '')
    return fileName.startsWith('node:') || builtinModules.includes(name)
      ? []
      : [{ from: file, to: name, own: false }]
  })
}

const source = filesIn('src')
const imports = source.flatMap(importsOf)

describe('the floors', () => {
  it('every file stands on one', () => {
    expect(source.filter((file) => floorOf(file) < 0)).toEqual([])
  })

  it('no file imports from a higher floor, nor from another room of its own', () => {
    const wrong = imports.filter(
      ({ from, to, own }) =>
        own &&
        (floorOf(to) > floorOf(from) ||
          (floorOf(to) === floorOf(from) &&
            roomOf(to) !== roomOf(from) &&
            floorOf(to) !== floorOf('src/engine.ts'))),
    )
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  it('no circle of imports, types included', () => {
    const next = new Map(
      source.map((file) => [file, imports.filter((i) => i.own && i.from === file).map((i) => i.to)]),
    )
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      else if (!done.has(file)) for (const to of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of source) visit(file, [])
    expect(circles).toEqual([])
  })

  it('a package is used in the rooms it belongs to', () => {
    const wrong = imports.filter(
      ({ from, to, own }) =>
        !own && !(PACKAGES[to] ?? []).some((place) => from === place || from.startsWith(`${place}/`)),
    )
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  it('machines and examples use the public entries only', () => {
    const inside = [...filesIn('machines'), ...filesIn('examples')]
      .flatMap(importsOf)
      .filter(({ to, own }) => own && to.startsWith('src'))
    expect(inside.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })
})

describe('the files', () => {
  const lines = (file: string): number => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length

  it('source files have at most 300 lines, test files 400', () => {
    const long = [...source, ...filesIn('machines'), ...filesIn('examples'), ...filesIn('bench')].filter(
      (file) => lines(file) > 300,
    )
    expect([...long, ...filesIn('tests').filter((file) => lines(file) > 400)]).toEqual([])
  })

  it('no file is called after what it is not', () => {
    expect(
      source.filter((file) => /\/(utils?|types|helpers?|common|manager|impl|base|misc)\.ts$/.test(file)),
    ).toEqual([])
  })

  it('every public export is documented', () => {
    const entries = [
      'src/index.ts',
      'src/llm/index.ts',
      'src/eval/index.ts',
      'src/check/index.ts',
      'src/deploy/index.ts',
      'src/inspect/index.ts',
      'src/outlook/index.ts',
      'src/testing/index.ts',
      'machines/index.ts',
      'src/testing/vite.ts',
    ]
    const config = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, ts.sys as never)
    const program = ts.createProgram(
      entries.map((entry) => join(root, entry)),
      config?.options ?? {},
    )
    const checker = program.getTypeChecker()
    const bare: string[] = []
    for (const entry of entries) {
      const symbol = checker.getSymbolAtLocation(program.getSourceFile(join(root, entry)) as ts.SourceFile)
      for (const exported of symbol ? checker.getExportsOfModule(symbol) : []) {
        const real = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
        if (real.getDocumentationComment(checker).length === 0) bare.push(`${entry}: ${exported.name}`)
      }
    }
    expect(bare).toEqual([])
  })
})
