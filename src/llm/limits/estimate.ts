import type { Usage } from '../../model/model-call.ts'
import type { Asked } from '../asked.ts'
import { estimateTokens, tokensOf } from '../tokens.ts'

/** Output that is reserved where a call does not say `maxTokens`. */
const OUTPUT = 1_000

/** Tokens that a call may use: those of its input, as everywhere, and all of the output it may have. */
export function estimateUsage(ask: Asked): Usage {
  if (ask.verb === 'embed')
    return { input: ask.texts.reduce((sum, text) => sum + estimateTokens(text), 0), output: 0 }
  const { maxTokens: output = OUTPUT } = ask.request
  if (ask.verb === 'fill') {
    const { prefix, suffix = '' } = ask.request
    return { input: estimateTokens(prefix) + estimateTokens(suffix), output }
  }
  const { messages, tools, format } = ask.request
  const forms = tools || format ? estimateTokens(JSON.stringify([tools, format])) : 0
  return { input: tokensOf(messages) + forms, output }
}
