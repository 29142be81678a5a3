/** `npm run draw [-- --check]`: writes, or checks, the machine and the drawing beside each ready-made workflow. */
import { readFileSync, writeFileSync } from 'node:fs'
import { readDefinition } from 'stepwright'
import { toMermaid, toXStateConfig } from 'stepwright/inspect'
import * as machines from 'stepwright/machines'

const check = process.argv.includes('--check')
const stale: string[] = []
for (const exported of Object.values(machines)) {
  if (typeof exported !== 'function' || !exported.name.endsWith('Workflow')) continue
  const definition = readDefinition(exported as new () => object)
  const files: readonly (readonly [string, string])[] = [
    [`${definition.name}.machine.json`, `${JSON.stringify(toXStateConfig(definition), null, 2)}\n`],
    [
      `${definition.name}.md`,
      `# ${definition.name}\n\n${definition.description ?? ''}\n\n\`\`\`mermaid\n${toMermaid(definition).trimEnd()}\n\`\`\`\n`,
    ],
  ]
  for (const [name, text] of files) {
    const file = new URL(`../machines/${definition.name}/${name}`, import.meta.url)
    if (!check) writeFileSync(file, text)
    else if (readText(file) !== text) stale.push(name)
  }
}
if (stale.length > 0) {
  console.error(`not current: ${stale.join(', ')}; run npm run draw`)
  process.exit(1)
}

function readText(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
