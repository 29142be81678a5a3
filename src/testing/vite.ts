/**
 * Vite's own transformer does not lower standard decorators yet, so a file that holds one is a SyntaxError in
 * Vitest and in Vite builds. This plugin passes such files through esbuild first.
 */
import { transform } from 'esbuild'

const DECORATOR = /^\s*@[\w.]+(?:\(|\s*$)|\s@[\w.]+\([^)]*\)\s*(?:async\s+)?\w+\s*\(/m

/** The part of Vite's plugin interface that is used; typed here so that vite itself need not be installed. */
export interface DecoratorPlugin {
  readonly name: string
  readonly enforce: 'pre'
  transform(code: string, id: string): Promise<{ code: string; map: string } | undefined>
}

/**
 * A Vite plugin that lets standard decorators through Vitest and Vite.
 *
 * @example
 * // vitest.config.ts
 * import { decorators } from 'stepwright/vite'
 * export default { plugins: [decorators()] }
 */
export function decorators(): DecoratorPlugin {
  return {
    name: 'stepwright:decorators',
    enforce: 'pre',
    async transform(code, id) {
      const file = id.split('?', 1)[0] ?? id
      if (!/\.[cm]?tsx?$/.test(file) || !DECORATOR.test(code)) return undefined
      const loader = file.endsWith('x') ? 'tsx' : 'ts'
      const out = await transform(code, { loader, target: 'es2023', sourcemap: true, sourcefile: file })
      return { code: out.code, map: out.map }
    },
  }
}
