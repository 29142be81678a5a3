import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { z } from 'zod'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { tool } from 'stepwright/llm'
import { offline } from '../support/offline-llm.ts'

const exporter = new InMemorySpanExporter()
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
)
beforeEach(() => exporter.reset())
afterAll(() => trace.disable())

const spans = () =>
  exporter
    .getFinishedSpans()
    .map(({ name, attributes, status }) => ({ name, attributes, failed: status.code === 2 }))

describe('spans', () => {
  it('tell of each call by the conventions, and nothing of what was said', async () => {
    await using made = await offline()
    await made.llm.text('A secret of mine.', { temperature: 0.5, maxTokens: 100 })
    await made.llm.embed(['a'])
    expect(spans()).toMatchObject([
      {
        name: 'chat offline-model',
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'openai',
          'gen_ai.request.model': 'offline-model',
          'gen_ai.request.temperature': 0.5,
          'gen_ai.request.max_tokens': 100,
          'gen_ai.response.finish_reasons': ['stop'],
          'gen_ai.usage.input_tokens': 5,
        },
        failed: false,
      },
      { name: 'embeddings offline-model', attributes: { 'gen_ai.operation.name': 'embeddings' } },
    ])
    expect(JSON.stringify(spans())).not.toContain('secret')
  })

  it('tell of tools and failures', async () => {
    await using made = await offline()
    const breaks = tool({
      name: 'breaks',
      description: 'Fails.',
      input: z.object({}),
      run: () => Promise.reject(new TypeError('no paper')),
    })
    const turns = [{ toolCalls: [{ name: 'breaks', arguments: {} }] }, { status: 500 }]
    made.server.script(() => turns.shift())
    await expect(made.llm.agent({ ask: 'Go.', tools: [breaks] })).rejects.toMatchObject({ status: 500 })
    expect(spans().map(({ name, failed }) => [name, failed])).toEqual([
      ['chat offline-model', false],
      ['execute_tool breaks', true],
      ['chat offline-model', true],
    ])
    expect(spans()[1]?.attributes['error.type']).toBe('TypeError')
  })
})
