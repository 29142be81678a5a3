/** A response as it goes over the wire. */
export interface HttpReply {
  readonly status: number
  readonly body: unknown
  /** For the `Retry-After` header, in seconds. */
  readonly retryAfter?: number | undefined
}

/** A request that cannot be answered. */
export class ChatFault extends Error {
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
export function faultReply(error: unknown): HttpReply {
  if (!(error instanceof ChatFault)) return { status: 500, body: errorBody(500, String(error)) }
  return { status: error.status, body: errorBody(error.status, error.message, error.param, error.code) }
}
