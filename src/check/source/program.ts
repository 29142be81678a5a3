import { dirname } from 'node:path'
import type ts from 'typescript'
import type { Compiler } from './compiler.ts'

/** Files with their types. Nothing is checked beyond what is asked for. */
export interface Typed {
  readonly program: ts.Program
  readonly checker: ts.TypeChecker
}

/** Opens files with the types that the `tsconfig.json` nearest to each says; files of one configuration together. */
export function openPrograms(files: readonly string[], compiler: Compiler): readonly Typed[] {
  const groups = new Map<string | undefined, string[]>()
  for (const file of files) {
    if (!compiler.sys.fileExists(file)) continue
    const config = compiler.findConfigFile(dirname(file), (path) => compiler.sys.fileExists(path))
    groups.set(config, [...(groups.get(config) ?? []), file])
  }
  return [...groups].map(([config, group]) => {
    const options = { ...optionsIn(config, compiler), ...ALWAYS }
    const program = compiler.createProgram(group, options, compiler.createCompilerHost(options, true))
    return { program, checker: program.getTypeChecker() }
  })
}

/** Its options alone: which files it names does not matter, and to list them could take longer than all the rest. */
function optionsIn(config: string | undefined, compiler: Compiler): ts.CompilerOptions {
  if (config === undefined) return defaults(compiler)
  const { config: json } = compiler.readConfigFile(config, (path) => compiler.sys.readFile(path)) as {
    config?: unknown
  }
  const host: ts.ParseConfigHost = { ...compiler.sys, readDirectory: () => [] }
  return compiler.parseJsonConfigFileContent(json ?? {}, host, dirname(config)).options
}

const ALWAYS = { noEmit: true, allowJs: true, skipLibCheck: true } as const

function defaults({ ModuleKind, ModuleResolutionKind, ScriptTarget }: Compiler): ts.CompilerOptions {
  return {
    target: ScriptTarget.ES2023,
    module: ModuleKind.NodeNext,
    moduleResolution: ModuleResolutionKind.NodeNext,
    strict: true,
  }
}
