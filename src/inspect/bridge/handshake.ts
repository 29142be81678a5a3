/** The hosted pages that speak the inspector's protocol. */
const HOSTED_VIEWERS: readonly string[] = ['https://stately.ai', 'https://statecharts.io']

/** The headers that tell who wants to connect. */
export interface Caller {
  readonly host: string | undefined
  readonly origin: string | undefined
}

/**
 * Why a WebSocket handshake is refused, or `undefined` for one that is welcome. Any page in a browser can open a socket
 * to this machine, and a name that resolves to it (DNS rebinding) makes that look local: so both headers are checked.
 * Programs send no Origin; browsers always do.
 */
export function refusal({ host, origin }: Caller, hostedViewers: boolean): string | undefined {
  if (host === undefined || !isLoopback(`http://${host}`)) return 'the Host header is not this machine'
  if (origin === undefined || isLoopback(origin)) return undefined
  if (hostedViewers && HOSTED_VIEWERS.includes(origin)) return undefined
  return HOSTED_VIEWERS.includes(origin)
    ? 'the hosted viewers are let in only with inspect: { hostedViewers: true }'
    : 'the Origin header is not this machine'
}

/** What is asked for; a client may write anything there. */
export function targetOf({ url = '/' }: { readonly url?: string | undefined }): URL {
  return URL.parse(url, 'http://localhost') ?? new URL('http://localhost/unreadable')
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username } = new URL(url)
  if (username !== '' || (protocol !== 'http:' && protocol !== 'https:')) return false
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
