import { toFailure } from '../../model/failure.ts'
import type { ModelCall, ToolCalled } from '../../model/model-call.ts'
import { answeredBy, hashedIn, send, tellingOf, type Asked } from '../asked.ts'
import type { Model, ToolResult } from '../model.ts'
import { hashOf, requestHash } from '../request-hash.ts'
import { Told } from '../told.ts'
import { wrapped } from '../wrappers/wrapped.ts'
import type { Tape } from './tape.ts'

/**
 * A model that writes down on a tape what it is asked and what it answers; and of agents, what their tools came to. For
 * plain scripts: of a run, its history is the tape.
 *
 * @example
 * const tape = new Tape()
 * const llm = createLlm(taped(openAiModel({ model: 'gpt-5-mini' }), tape))
 * await llm.text('Why is the sky blue?')
 * await tape.save('sky.tape.json')
 */
export function taped(model: Model, tape: Tape): Model {
  const { name } = model
  const told = new Told()
  tape.knows(name, model.abilities)
  const callTool = async (tool: string, input: unknown, run: () => Promise<ToolResult>) => {
    const note = (came: Pick<ToolCalled, 'output' | 'failure'>): void =>
      tape.add({ type: 'tool-called', tool, input, hash: hashOf(input), ms: 0, ...came })
    try {
      const result = await (model.callTool ? model.callTool(tool, input, run) : run())
      note({ output: result.text, ...(result.failure ? { failure: result.failure } : {}) })
      return result
    } catch (error) {
      note({ failure: toFailure(error) })
      throw error
    }
  }
  const { provider, abilities, embed, fill } = model
  const shell = { name, ...(provider === undefined ? {} : { provider }), abilities, embed, fill, callTool }
  return wrapped(shell, async (asked: Asked, how) => {
    const hash = requestHash(name, hashedIn(asked))
    const said = asked.verb === 'complete' ? told.of(asked.request.messages, hash) : {}
    const telling = { hash, verb: asked.verb, ...tellingOf(asked), ...said }
    const note = (rest: Partial<ModelCall>): void =>
      tape.add({ type: 'model-called', model: name, ...telling, ms: 0, attempt: 1, ...rest })
    try {
      const answer = await send(model, asked, how)
      const other = answer.model === name ? {} : { asked: name }
      note({ model: answer.model, ...other, usage: answer.usage, ...answeredBy(answer) })
      return answer
    } catch (error) {
      note({ failure: toFailure(error) })
      throw error
    }
  })
}
