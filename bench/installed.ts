/** How large the package is where it is installed: `npm pack`, and `npm install` of that into an empty folder. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Megabytes of node_modules with the package and what it needs, and with no more than the floor of `cold` needs. */
export function installedMegabytes(): { readonly ours: number; readonly floor: number } | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-installed-'))
  try {
    const packed = npm(['pack', '--ignore-scripts', '--pack-destination', dir], process.cwd())
    const file = readdirSync(dir).find((name) => name.endsWith('.tgz'))
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: { xstate: string; zod: string }
    }
    const { xstate, zod } = dependencies
    const ours = packed && file ? installed(join(dir, 'ours'), [join(dir, file)]) : undefined
    const floor = ours && installed(join(dir, 'floor'), [`xstate@${xstate}`, `zod@${zod}`])
    return ours && floor ? { ours, floor } : undefined
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function installed(dir: string, packages: readonly string[]): number | undefined {
  mkdirSync(dir)
  writeFileSync(join(dir, 'package.json'), '{"private":true}')
  if (!npm(['install', '--omit=dev', '--no-audit', '--no-fund', ...packages], dir)) return undefined
  return size(join(dir, 'node_modules')) / 1e6
}

function npm(args: readonly string[], cwd: string): boolean {
  const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) console.error(`npm ${args.join(' ')} failed: ${stderr}`)
  return status === 0
}

function size(dir: string): number {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(dir, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
}
