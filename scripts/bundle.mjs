// Joins the compiled modules into few files, since a process that reads a hundred of them starts slowly. Packages stay
// outside; declarations stay as they are.
import { globSync, rmSync } from 'node:fs'
import { build } from 'esbuild'
import manifest from '../package.json' with { type: 'json' }

const exported = Object.values(manifest.exports).filter((path) => path.endsWith('.js'))
const { metafile } = await build({
  entryPoints: [...exported, ...Object.values(manifest.bin)],
  outdir: 'dist',
  outbase: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  packages: 'external',
  minifyWhitespace: true, // half the text to read; names stay, for stacks
  minifySyntax: true,
  sourcemap: true,
  allowOverwrite: true,
  metafile: true,
})
const kept = new Set(Object.keys(metafile.outputs))
for (const file of globSync('dist/**/*.{js,js.map}')) if (!kept.has(file)) rmSync(file)
