import type { InMemoryTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport as ServerTransport, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { mcpTools } from 'stepwright/llm'
import { offline } from '../support/offline-llm.ts'

/** A real server of the protocol, and a real client that is connected to it. */
async function connected() {
  const server = new McpServer({ name: 'shop', version: '1.0.0' })
  server.registerTool(
    'stock',
    {
      description: 'How much there is of something.',
      inputSchema: z.object({ of: z.string(), min: z.number().optional() }),
    },
    ({ of }) => {
      if (of === 'gold') throw new Error('we have no gold')
      return { content: [{ type: 'text', text: `3 kg of ${of}` }] }
    },
  )
  server.registerTool(
    'order',
    { description: 'Orders something.', inputSchema: z.object({ what: z.string() }) },
    () => ({
      content: [{ type: 'text', text: 'ordered' }],
    }),
  )
  const [near, far] = ServerTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '1.0.0' })
  await Promise.all([server.connect(far), client.connect(near as unknown as InMemoryTransport)])
  return { client, close: () => Promise.all([client.close(), server.close()]) }
}

describe('tools of an MCP server', () => {
  it('are called by an agent, checked by their schemas; errors are shown to the model', async () => {
    const { client, close } = await connected()
    await using made = await offline()
    const calls = [{ of: 'flour' }, { of: 7 }, { of: 'gold' }].map((input) => ({
      name: 'stock',
      arguments: input,
    }))
    const turns = [{ toolCalls: calls }, 'Well.']
    made.server.script(() => turns.shift())
    const { messages } = await made.llm.agent({ ask: 'How much is there?', tools: await mcpTools(client) })
    const results = messages.flatMap((message) => (message.role === 'tool' ? [message.text] : []))
    expect(results).toEqual([
      '3 kg of flour',
      expect.stringMatching(/stock does not fit: of: Invalid/),
      expect.stringMatching(/It failed: .*we have no gold/),
    ])
    expect(made.server.calls[0]?.tools?.map(({ name }) => name)).toEqual(['stock', 'order'])
    await close()
  })

  it('can be chosen, renamed, and made to wait for people', async () => {
    const { client, close } = await connected()
    const tools = await mcpTools(client, { only: ['order'], prefix: 'shop_', approval: ['order'] })
    expect(tools).toMatchObject([{ name: 'shop_order', approval: true }])
    await close()
  })
})
