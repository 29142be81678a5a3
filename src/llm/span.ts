/**
 * Spans of model calls and tool calls, by OpenTelemetry's conventions for generative AI. Without an SDK that the
 * application has set up they cost nothing. What was said is not in them: it stands in the history of the run.
 *
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
 */
import {
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api'
import type { Scope } from '../definition/scope.ts'
import type { Answer, Asked } from './asked.ts'
import type { Model } from './model.ts'

/** What is done, as the conventions call it. */
const OPERATIONS: Readonly<Record<Asked['verb'], string>> = {
  complete: 'chat',
  embed: 'embeddings',
  fill: 'text_completion',
}

/** Calls a model inside a span. */
export function inModelSpan(
  asked: Asked,
  model: Model,
  scope: Scope | undefined,
  work: () => Promise<Answer>,
): Promise<Answer> {
  if (!isTraced()) return work()
  const operation = OPERATIONS[asked.verb]
  const { maxTokens, temperature, seed } = settingsIn(asked)
  const attributes: Attributes = {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': model.provider ?? 'custom',
    'gen_ai.request.model': model.name,
    ...numbers({
      'gen_ai.request.max_tokens': maxTokens,
      'gen_ai.request.temperature': temperature,
      'gen_ai.request.seed': seed,
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
  if (!isTraced()) return work()
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, ...ofRun(scope) }
  return inSpan(`execute_tool ${tool}`, SpanKind.INTERNAL, attributes, work, (span, { failure }) => {
    if (failure) fail(span, failure)
  })
}

/** The application has set up an SDK. */
function isTraced(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('stepwright') !== undefined
}

function settingsIn(asked: Asked): Partial<Record<'maxTokens' | 'temperature' | 'seed', number | undefined>> {
  return asked.verb === 'embed' ? {} : asked.request
}

function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: () => Promise<T>,
  ended: (span: Span, value: T) => void,
): Promise<T> {
  return trace.getTracer('stepwright').startActiveSpan(name, { kind, attributes }, async (span) => {
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

function numbers(values: Readonly<Record<string, number | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
}
