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

/** A headless browser of the test's own; its caller closes it. */
export function startChromium(): Promise<Browser> {
  return playwright.launch({ executablePath: place ?? '', args: ['--no-sandbox'] })
}
