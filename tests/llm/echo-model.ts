import type { Abilities, Completion, Model, ModelRequest } from 'stepwright/llm'

/** A model that says back what was said last, or what `answer` makes of the request; counts and keeps what it was asked. */
export function echoModel(
  { window = 8_000, ...abilities }: Partial<Abilities> = {},
  answer = ({ messages }: ModelRequest): string => messages.at(-1)?.text ?? '',
): Model & { readonly asked: ModelRequest[] } {
  const asked: ModelRequest[] = []
  return {
    name: 'echo',
    abilities: { schema: false, tools: false, stream: false, images: false, window, ...abilities },
    asked,
    complete(request): Promise<Completion> {
      asked.push(request)
      const text = answer(request)
      return Promise.resolve({
        text,
        toolCalls: [],
        finish: 'stop',
        usage: { input: 1, output: 1 },
        model: 'echo',
      })
    },
  }
}
