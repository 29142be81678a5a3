import { isElement, linesOf, walk, type Root } from './markup.ts'
import type { Thing } from './product.ts'

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const LOCAL = String.raw`(?<![\w.%+-])[a-z0-9_][\w.%+-]{0,63}`
const END = String.raw`[a-z]{2,24}(?![\w-])`

const MAIL = new RegExp(String.raw`${LOCAL}@(?:${LABEL}\.){1,6}${END}`, 'gi')

const AT = String.raw`\s?[\[({]\s?(?:at|ät|@)\s?[\])}]\s?`
const SAID_DOT = String.raw`(?:\s?[\[({]\s?(?:dot|punkt|point|\.)\s?[\])}]\s?|\s(?:dot|punkt|point)\s)`

/** `hello [at] shop.example`, `hello(at)shop(dot)example`, `hello at shop dot example`; but not `visit us at shop.example`. */
const HIDDEN_MAILS = [
  new RegExp(String.raw`(${LOCAL})${AT}((?:${LABEL}(?:\.|${SAID_DOT})){1,6}${END})`, 'gi'),
  new RegExp(String.raw`(${LOCAL})\s(?:at|ät)\s((?:${LABEL}${SAID_DOT}){1,6}${END})`, 'gi'),
]

/** `logo@2x.png` has the form of a mail address. */
const FILE = /\.(?:png|jpe?g|gif|svg|webp|avif|css|m?js)$/i

/**
 * The mail address for customers: of the first mail link, or else of the structured data, or else the first in the
 * text, or else the first that is disguised in the text. The footer counts as text here.
 */
export function findContact(root: Root, shop: Thing | undefined): string | undefined {
  let linked: string | undefined
  walk(root, (tag) => {
    const [, to] = (isElement(tag) && /^\s*mailto:([^?]{3,400})/i.exec(tag.attribs['href'] ?? '')) || []
    if (to) linked ??= mailIn(to.replaceAll('%40', '@').replaceAll(/%[0-9a-f]{2}/gi, ' '))
    return linked === undefined
  })
  if (linked) return linked
  const said = shop?.['email']
  const text = linesOf(root).join('\n')
  return (typeof said === 'string' ? mailIn(said) : undefined) ?? mailIn(text) ?? hiddenMailIn(text)
}

/** The first mail address of a text; its domain in small letters. */
function mailIn(text: string): string | undefined {
  for (const [found] of text.matchAll(MAIL)) {
    const [local = '', domain = ''] = found.split('@')
    if (!FILE.test(found) && !local.includes('..') && !local.endsWith('.'))
      return `${local}@${domain.toLowerCase()}`
  }
  return undefined
}

function hiddenMailIn(text: string): string | undefined {
  const dot = new RegExp(SAID_DOT, 'gi')
  for (const pattern of HIDDEN_MAILS) {
    for (const [, local, domain = ''] of text.matchAll(pattern)) {
      const found = mailIn(`${local}@${domain.replaceAll(dot, '.')}`)
      if (found) return found
    }
  }
  return undefined
}
