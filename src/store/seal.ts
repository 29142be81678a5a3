import { createHmac, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What guards documents and histories: against damage, and with a key against anybody who does not have it. */
export interface Seal {
  /** It has a key. */
  readonly signs: boolean
  /** The hash of a history with one more entry. */
  chain(before: string, entry: string): string
  /** The field that guards the head of a document, as JSON text. */
  mark(head: string): string
  fits(marked: Marked, head: string): boolean
}

/** A document as far as its seal is concerned. */
export interface Marked {
  readonly crc?: unknown
  readonly mac?: unknown
}

/** A chain of SHA-256, so that an edit shows unless the chain is made anew; a checksum for the document. */
export const plainSeal: Seal = {
  signs: false,
  chain: (before, entry) => hash('sha256', before + entry, 'base64url'),
  mark: (head) => `"crc":${crc32(head)}`,
  fits: ({ crc }, head) => crc === crc32(head),
}

/** The seal for a key, which by default is that of the environment. */
export function sealOf(key: string | Uint8Array = process.env['STEPWRIGHT_HISTORY_KEY'] ?? ''): Seal {
  return key.length === 0 ? plainSeal : keyedSeal(key)
}

/** A chain and a signature of HMAC-SHA-256: no edit fits without the key. */
export function keyedSeal(key: string | Uint8Array): Seal {
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')
  return {
    signs: true,
    chain: (before, entry) => sign(before + entry),
    mark: (head) => `"mac":"${sign(head)}"`,
    fits: ({ mac }, head) => mac === sign(head),
  }
}
