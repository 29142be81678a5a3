/** A response as it goes over the wire. */
export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body in the pieces it is sent in, at least two: one that breaks off does so after half of them. */
  readonly pieces: readonly string[]
  /** Waits between the pieces, in milliseconds. */
  readonly pauseMs?: number
}

/** A request that cannot be answered. */
export class HttpError extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string | null

  constructor(status: number, message: string, param: string | null = null, code: string | null = null) {
    super(message)
    this.status = status
    this.param = param
    this.code = code
  }
}

/** A request for something that the server, or this model of it, does not have. */
export function unsupported(param: string, message: string): HttpError {
  return new HttpError(400, message, param, 'unsupported_parameter')
}

/** A value as a JSON body. */
export function jsonReply(
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): HttpReply {
  return textReply(status, JSON.stringify(body), headers)
}

/** A text that is sent as a JSON body, whether it is JSON or not. */
export function textReply(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const middle = Math.ceil(text.length / 2)
  const half = /[\ud800-\udbff]/.test(text.charAt(middle - 1)) ? middle + 1 : middle // keep a pair together
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    },
    pieces: [text.slice(0, half), text.slice(half)],
  }
}

/** Server-sent events, one for each chunk; a stream that is not `complete` has no `[DONE]` at its end. */
export function eventReply(chunks: readonly object[], complete: boolean, pauseMs: number): HttpReply {
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    pieces: [...events, complete ? 'data: [DONE]\n\n' : ''],
    pauseMs,
  }
}

const KINDS: Readonly<Record<number, readonly [type: string, code: string | null]>> = {
  401: ['authentication_error', 'invalid_api_key'],
  403: ['permission_error', null],
  404: ['invalid_request_error', 'not_found'],
  429: ['requests', 'rate_limit_exceeded'],
}

/** `{ error: { message, type, code, param } }` for a status. */
export function errorBody(
  status: number,
  message: string,
  param: string | null = null,
  code?: string | null,
) {
  const [type, usual] = KINDS[status] ?? [status >= 500 ? 'server_error' : 'invalid_request_error', null]
  return { error: { message, type, code: code ?? usual, param } }
}

/** Anything thrown, as a reply. */
export function errorReply(error: unknown): HttpReply {
  if (!(error instanceof HttpError)) return jsonReply(500, errorBody(500, String(error)))
  const { status, message, param, code } = error
  return jsonReply(status, errorBody(status, message, param, code))
}
