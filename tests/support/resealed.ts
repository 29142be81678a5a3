import { plainSeal } from '../../src/store/seal.ts'

/** The text with its checksum made anew, as somebody without a key can. */
export function resealed(text: string): string {
  const head = /^\{"(?:crc|mac)":"?[^",]+"?,("head":\d+,)?/.exec(text)?.[0] ?? ''
  const tail = text.lastIndexOf(',"tail":[')
  const framed = head.includes('"head"')
  const body = text.slice(head.length, framed ? tail : -1)
  return `{${plainSeal.mark(body)},${framed ? `"head":${body.length},` : ''}${body}${framed ? text.slice(tail) : '}'}`
}
