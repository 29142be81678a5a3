import { spawnSync } from 'node:child_process'
import { chromium, type Browser } from 'playwright-core'

/** The Chromium of this machine. In CI its absence is a failure, elsewhere a loud skip. */
const executable = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)
export const hasBrowser = executable !== undefined
if (!hasBrowser) {
  if (process.env['CI']) throw new Error('chromium is missing, and CI skips nothing')
  console.warn(
    '\n!!! SKIPPED: chromium is not installed, so no page is tested in a browser (apt-get install chromium)\n',
  )
}

/** A headless browser that asks nobody for anything by itself. To it, these names are this machine. */
export function startBrowser(names: readonly string[] = []): Promise<Browser> {
  const executablePath = spawnSync('which', [executable ?? ''])
    .stdout.toString()
    .trim()
  const rules = names.map((name) => `MAP ${name} 127.0.0.1`).join(',')
  const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  return chromium.launch({ executablePath, args: [...quiet, `--host-resolver-rules=${rules}`] })
}
