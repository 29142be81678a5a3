#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would stop at node:sqlite without saying why.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 19)) await import('./process.ts')
else {
  console.error(
    `stepwright needs Node 22.19 or newer, and this is ${process.version}. In a project: npm install -D node@24, then npx stepwright again.`,
  )
  process.exitCode = 2
}

export {}
