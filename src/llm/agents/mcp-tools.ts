import { z } from 'zod'
import type { Tool } from './tool.ts'

/** A client of the Model Context Protocol that is connected: that of `@modelcontextprotocol/client`, or of `@modelcontextprotocol/sdk`. */
export interface McpClient {
  listTools(params?: { readonly cursor?: string }): Promise<{
    readonly tools: readonly {
      readonly name: string
      readonly description?: string | undefined
      readonly inputSchema: object
    }[]
    readonly nextCursor?: string | undefined
  }>
  callTool(params: { readonly name: string; readonly arguments?: Record<string, unknown> }): Promise<unknown>
}

/** Which tools of a server are offered. */
export interface McpToolsOptions {
  /** Only these. Default: all. */
  readonly only?: readonly string[]
  /** Before their names, where two servers have a tool of one name. */
  readonly prefix?: string
  /** Those that a person has to agree to, by name. Default: none. */
  readonly approval?: readonly string[]
}

const result = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
})

/**
 * The tools of an MCP server, for an agent. What a server says is data: inputs are checked by its own schemas, and an
 * error of its is shown to the model.
 *
 * @example
 * const client = new Client({ name: 'shop', version: '1.0.0' })
 * await client.connect(new StreamableHTTPClientTransport(new URL('http://127.0.0.1:3000/mcp')))
 * await llm.agent({ ask: 'What is in stock?', tools: await mcpTools(client, { only: ['stock'] }) })
 */
export async function mcpTools(
  client: McpClient,
  { only, prefix = '', approval = [] }: McpToolsOptions = {},
): Promise<readonly Tool[]> {
  const tools: Tool[] = []
  let cursor: string | undefined
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor })
    for (const { name, description = '', inputSchema } of page.tools) {
      if (only && !only.includes(name)) continue
      tools.push({
        name: `${prefix}${name}`,
        description,
        input: z.fromJSONSchema(inputSchema as Parameters<typeof z.fromJSONSchema>[0]),
        run: async (input) =>
          textOf(await client.callTool({ name, arguments: input as Record<string, unknown> })),
        approval: approval.includes(name),
      })
    }
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return tools
}

function textOf(given: unknown): string {
  const { content, structuredContent, isError } = result.parse(given)
  const said = content.map(({ type, text }) => text ?? `[${type}]`).join('\n')
  if (isError) throw new Error(said === '' ? 'the tool failed' : said)
  return said === '' && structuredContent !== undefined ? JSON.stringify(structuredContent) : said
}
