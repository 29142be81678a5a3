/**
 * Spans of model calls and tool calls, by OpenTelemetry's conventions for generative AI. Without an SDK that the
 * application has set up they cost nothing. What was said is not in them: it stands in the history of the run.
 *
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
import { SpanKind, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'
import type { Scope } from '../definition/scope.ts'
import type { Completion, Embeddings, Model } from './model.ts'

/** What is done, as the conventions call it. */
export type Operation = 'chat' | 'embeddings' | 'text_completion'

/** It stands for the one of whichever SDK is set up, also later. */
const tracer = trace.getTracer('stepwright')

/** Calls a model inside a span. */
export function inModelSpan<T extends Completion | Embeddings>(
  operation: Operation,
  model: Model,
  params: Readonly<Record<string, unknown>>,
  scope: Scope | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const attributes: Attributes = {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': model.provider ?? 'custom',
    'gen_ai.request.model': model.name,
    ...numbers({
      'gen_ai.request.max_tokens': params['maxTokens'],
      'gen_ai.request.temperature': params['temperature'],
      'gen_ai.request.seed': params['seed'],
    }),
    ...ofRun(scope),
  }
  return inSpan(`${operation} ${model.name}`, SpanKind.CLIENT, attributes, work, (span, answer) => {
    span.setAttributes({
      'gen_ai.response.model': answer.model,
      'gen_ai.usage.input_tokens': answer.usage.input,
      'gen_ai.usage.output_tokens': answer.usage.output,
      ...('finish' in answer ? { 'gen_ai.response.finish_reasons': [answer.finish] } : {}),
    })
  })
}

/** Calls a tool inside a span. `failed`: what it came to is an error for the model. */
export function inToolSpan<T extends { readonly failure?: { readonly name: string } }>(
  tool: string,
  scope: Scope | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, ...ofRun(scope) }
  return inSpan(`execute_tool ${tool}`, SpanKind.INTERNAL, attributes, work, (span, { failure }) => {
    if (failure) fail(span, failure)
  })
}

function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: () => Promise<T>,
  ended: (span: Span, value: T) => void,
): Promise<T> {
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      const value = await work()
      ended(span, value)
      return value
    } catch (error) {
      fail(span, error instanceof Error ? error : { name: 'Error' })
      throw error
    } finally {
      span.end()
    }
  })
}

/** The message of an error may hold what nobody else may read. */
function fail(span: Span, { name }: { readonly name: string }): void {
  span.setAttribute('error.type', name)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function ofRun(scope: Scope | undefined): Attributes {
  if (!scope) return {}
  const { id, workflow, state, attempt } = scope.run
  return {
    'gen_ai.conversation.id': scope.session,
    'stepwright.run': id,
    'stepwright.workflow': workflow,
    'stepwright.state': state,
    'stepwright.attempt': attempt,
  }
}

function numbers(values: Readonly<Record<string, unknown>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
}
