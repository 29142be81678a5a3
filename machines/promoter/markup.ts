import { load, type CheerioAPI } from 'cheerio/slim'

/** The root of a parsed page. */
export type Root = ReturnType<CheerioAPI['root']>[0]

/** Anything inside of a parsed page. */
export type Child = Root['children'][number]

/** A tag of a parsed page. */
export type Element = Extract<Child, { readonly attribs: unknown }>

/** Only this much of a page is read, in UTF-16 units. */
const LONGEST_PAGE = 2 * 1024 * 1024

/** Beyond so many tags a page is cut: the parser takes quadratic time for deep nesting. */
const MOST_TAGS = 40_000

const INVISIBLE = new Set(
  'script style noscript template svg math iframe object canvas video audio title'.split(' '),
)

const BLOCKS = new Set(
  (
    'address article aside blockquote body br button caption center dd details dialog div dl dt fieldset figcaption ' +
    'figure footer form h1 h2 h3 h4 h5 h6 header hr html label legend li main nav ol option p pre section select ' +
    'summary table tbody td tfoot th thead tr ul'
  ).split(' '),
)

/**
 * Parses a page as far as is sensible. Takes htmlparser2 rather than parse5, whose time is quadratic in the number of
 * attributes of a tag as well.
 */
export function parseMarkup(html: string): Root {
  const text = html.slice(0, LONGEST_PAGE).toWellFormed()
  let end = text.length
  let tags = 0
  for (const tag of text.matchAll(/<[a-z/!?]/gi)) {
    if (++tags <= MOST_TAGS) continue
    end = tag.index
    break
  }
  const root = load(text.slice(0, end)).root()[0]
  if (!root) throw new Error('Unreachable: a parsed page has a root')
  return root
}

/** Whether a node is a tag. */
export function isElement(node: Child | Root): node is Element {
  return 'attribs' in node
}

/**
 * Visits what is below a node in the order of the page. Does not recurse, since broken pages nest thousands deep.
 * The children are left out where `enter` says `false`.
 */
export function walk(
  root: Element | Root,
  enter: (node: Child) => boolean,
  leave?: (node: Child) => void,
): void {
  let node = root.children[0]
  while (node) {
    const first: Child | undefined =
      enter(node) && 'children' in node ? (node.children[0] as Child) : undefined
    if (first) {
      node = first
      continue
    }
    leave?.(node)
    while (node && !node.next) {
      const parent: Element | Root | null = node.parent as Element | Root | null
      if (!parent || parent === root) return
      node = parent as Element
      leave?.(node)
    }
    node = node?.next as Child | undefined
  }
}

/**
 * The tags below a node with one of the names, or with any name, in the order of the page. For pages of strangers: the
 * selectors of cheerio take quadratic time for deep nesting and long rows of siblings.
 */
export function tagsOf(root: Root, ...names: readonly string[]): readonly Element[] {
  const found: Element[] = []
  walk(root, (node) => {
    if (isElement(node) && (names.length === 0 || names.includes(node.name))) found.push(node)
    return true
  })
  return found
}

/** The visible lines of text below a node, each with single spaces. Tags for which `skip` holds are left out. */
export function linesOf(
  root: Element | Root,
  skip: (tag: Element) => boolean = () => false,
): readonly string[] {
  const parts: string[] = []
  const breakAt = (node: Child): void => {
    if (isElement(node) && BLOCKS.has(node.name)) parts.push('\n')
  }
  walk(
    root,
    (node) => {
      // a line break inside of a text is only a space
      if (node.type === 'text') parts.push(node.data.replaceAll(/\s/g, ' '))
      breakAt(node)
      return !isElement(node) || !(INVISIBLE.has(node.name) || skip(node))
    },
    breakAt,
  )
  return parts.join('').split('\n').map(tidy).filter(Boolean)
}

/** A text without control characters and invisible marks, and with single spaces. */
export function tidy(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll(/[\u200b\u2060\ufeff\u00ad\ufffd]/g, '')
    .trim()
}

/** The classes of a tag. */
export function classesOf(tag: Element): readonly string[] {
  return tag.attribs['class']?.split(/\s+/).filter(Boolean) ?? []
}

/** The start of a text, at most `limit` units, ending after a sentence or a line, or else after a word. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const head = text.slice(0, limit + 1)
  let end = 0
  for (const stop of head.matchAll(/[.!?…]["'»”’)]*(?=\s)|[。！？](?=.)|(?=\n)/gsu)) {
    const after = stop.index + stop[0].length
    if (after <= limit) end = after
  }
  if (end < limit / 2) end = head.lastIndexOf(' ')
  if (end < limit / 2) end = limit
  return head
    .slice(0, end)
    .toWellFormed()
    .replace(/\ufffd$/, '')
    .trimEnd()
}
