/** A request as lines, for people who look for what differs. */

/** What a request is, as a tape has it: messages, or texts, and what else was set. */
export interface Said {
  readonly messages: readonly unknown[]
  readonly params?: Readonly<Record<string, unknown>>
}

/** The lines of a request. */
export function requestLines({ messages, params = {} }: Said): readonly string[] {
  const settings = Object.keys(params)
    .sort()
    .flatMap((name) => `${name}: ${json(params[name])}`.split('\n'))
  return [...messages.flatMap(messageLines), ...(settings.length > 0 ? ['[settings]', ...settings] : [])]
}

function messageLines(message: unknown): readonly string[] {
  if (typeof message === 'string') return ['[text]', ...message.split('\n')]
  if (typeof message !== 'object' || message === null || !('role' in message))
    return json(message).split('\n')
  const { role, text, call, images, toolCalls, ...rest } = message as Readonly<Record<string, unknown>>
  return [
    `[${String(role)}${call === undefined ? '' : ` ${String(call)}`}]`,
    ...(typeof text === 'string' ? (text === '' ? [] : text.split('\n')) : json(text).split('\n')),
    ...(Array.isArray(images) ? images.map((image) => `image: ${String(image)}`) : []),
    ...(Array.isArray(toolCalls) ? toolCalls.map((each) => `calls: ${JSON.stringify(each)}`) : []),
    ...(Object.keys(rest).length > 0 ? json(rest).split('\n') : []),
  ]
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2) ?? String(value)
}
