/** `npm run draw [-- --check]`: writes, or checks, the drawing beside each example and ready-made machine. */
import { readFileSync, writeFileSync } from 'node:fs'
import { toMermaid, toSvg, toXStateConfig } from 'stepwright/inspect'
import { drawnWorkflows, type DrawnWorkflow } from './drawn-workflows.ts'

const check = process.argv.includes('--check')
const stale: string[] = []
for (const drawn of drawnWorkflows())
  for (const [name, text] of await filesOf(drawn)) {
    const file = new URL(`../${name}`, import.meta.url)
    if (!check) writeFileSync(file, text)
    else if (readText(file) !== text) stale.push(name)
  }
if (stale.length > 0) {
  console.error(`not current: ${stale.join(', ')}; run npm run draw`)
  process.exit(1)
}

async function filesOf({
  definition,
  folder,
  isMachine,
}: DrawnWorkflow): Promise<readonly (readonly [name: string, text: string])[]> {
  const { name, description = '' } = definition
  const path = `${folder}/${name}`
  const svg = [`${path}.svg`, await toSvg(definition)] as const
  if (!isMachine) return [svg]
  const mermaid = `\`\`\`mermaid\n${toMermaid(definition).trimEnd()}\n\`\`\``
  return [
    svg,
    [`${path}.machine.json`, `${JSON.stringify(toXStateConfig(definition), null, 2)}\n`],
    [`${path}.md`, `# ${name}\n\n${description}\n\n![${name}](${name}.svg)\n\n${mermaid}\n`],
  ]
}

function readText(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
