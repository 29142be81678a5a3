import { existsSync } from 'node:fs'
import { chromium as playwright, type Browser } from 'playwright-core'

/** Where systems put it; `CHROMIUM` names another place. */
const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
const place = PLACES.find((path) => path !== '' && existsSync(path))

/** Whether a Chromium is installed. In CI its absence is a failure, elsewhere a loud skip. */
export const hasChromium = place !== undefined
if (!hasChromium) {
  if (process.env['CI']) throw new Error('chromium is missing, and CI skips nothing')
  console.warn(
    '\n!!! SKIPPED: chromium is not installed, so nothing is tested in a browser (apt-get install chromium)\n',
  )
}

/** A headless browser of the test's own, which asks nobody for anything by itself; its caller closes it. To it, the hosts are this machine. */
export function startChromium(hosts: readonly string[] = []): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',')
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  return playwright.launch({
    executablePath: place ?? '',
    args: [...args, `--host-resolver-rules=${rules}`],
  })
}
