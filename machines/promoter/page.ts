import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findContact } from './contact.ts'
import {
  classesOf,
  cutText,
  isElement,
  linesOf,
  parseMarkup,
  tagsOf,
  tidy,
  walk,
  type Element,
  type Root,
} from './markup.ts'
import {
  findCards,
  hasType,
  isCard,
  mergeProducts,
  productsOfCards,
  productsOfThings,
  type Product,
  type Thing,
} from './product.ts'

/** What a storefront page says about its shop. */
export interface Page {
  /** What the page calls itself, or else a slug of its file name: letters, digits, `.`, `_`, `:`, `-`. */
  readonly storeId: string
  /** The title of the shop. */
  readonly name: string
  /** A language tag such as `de` or `en-GB`; `und` if the page does not say. */
  readonly lang: string
  /** The address of the shop (http or https). */
  readonly url?: string
  /** The first mail address for customers. */
  readonly contact?: string
  /** What the page says about the shop: prose first, then its product cards. At most {@link LONGEST_TEXT} units. */
  readonly text: string
  /** The headings that are not names of products. */
  readonly headings: readonly string[]
  readonly products: readonly Product[]
  /** The number of words on the whole page, also those after the end of `text`. */
  readonly words: number
}

/** A folder of pages that cannot be read. */
export class PageFolderError extends Error {
  override readonly name = 'PageFolderError'
}

/** The longest text of a {@link Page}, in UTF-16 units. */
export const LONGEST_TEXT = 6_000

const MOST_HEADINGS = 20
const MOST_PRODUCTS = 40
const LONGEST_TITLE = 200

const SHOP = /^(?:Organization|Corporation|LocalBusiness|OnlineBusiness|Florist|CafeOrCoffeeShop|\w*Store)$/

const CHROME_CLASS =
  /(?:^|[-_])(?:cookies?|consent|breadcrumbs?|navbar|megamenu|mini-?cart|skip-link|sr-only|visually-hidden)(?:$|[-_])|^(?:site|page|main)[-_]{1,2}(?:nav|footer)$/i

// no form, since some pages stand inside of one as a whole
const CHROME_TAGS = new Set('nav footer button select label dialog'.split(' '))

const CHROME_ROLE = /^(?:navigation|contentinfo|banner|search|dialog|alertdialog)$/

const NOT_IN_HEADING = /^(?:p|h[1-6]|ul|ol|dl|table|section|article|main|blockquote|center)$/

/** Words of a title that are not the name of a shop. */
const COMMONPLACE =
  /^(?:home|home ?page|start|startseite|accueil|welcome|willkommen|shop|store|online ?shop|index|untitled.*)$/i

/**
 * Reads a storefront page. Serves any text: what a page does not say or says in broken markup is missing in the
 * result. Only the first 2 MB are read.
 *
 * @param name The name of the file, from which the store id is made if the page has none.
 */
export function readPage(html: string, name: string): Page {
  const root = parseMarkup(html)
  const metas = readMetas(root)
  const things = readThings(root)
  const shop = things.find((thing) => hasType(thing, SHOP))
  const cards = findCards(root, isChrome)
  const products = mergeProducts([...productsOfThings(things), ...productsOfCards(cards)], MOST_PRODUCTS)
  const url = findUrl(root, metas, shop)
  const contact = findContact(root, shop)
  const lines = readLines(root, cards)
  const storeId = findStoreId(root, metas, shop) ?? slugOf(name)
  return {
    storeId,
    name: findTitle(root, metas, shop, contact ?? url ?? '') ?? storeId,
    lang: findLanguage(root, metas),
    ...(url && { url }),
    ...(contact && { contact }),
    text: cutText(lines.join('\n'), LONGEST_TEXT),
    headings: findHeadings(root, products),
    products,
    words: countWords(lines),
  }
}

/** The paths of the pages (`*.html`, `*.htm`) in a folder, in the order of their names. */
export async function listPages(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const why =
      cause.code === 'ENOENT'
        ? 'does not exist'
        : cause.code === 'ENOTDIR'
          ? 'is not a folder'
          : `cannot be read (${cause.code ?? cause.message})`
    throw new PageFolderError(`The folder of pages '${folder}' ${why}. Give a folder with *.html files`, {
      cause,
    })
  })
  const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name)
  return names
    .filter((name) => /^[^.].*\.html?$/i.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** The objects of the structured data; of a graph, its nodes. Scripts that are not JSON are left out. */
function readThings(root: Root): readonly Thing[] {
  const things: Thing[] = []
  for (const script of tagsOf(root, 'script')) {
    if (script.attribs['type'] !== 'application/ld+json') continue
    try {
      const data: unknown = JSON.parse(
        script.children.map((node) => ('data' in node ? node.data : '')).join(''),
      )
      for (const thing of [data].flat() as unknown[]) {
        if (typeof thing !== 'object' || thing === null) continue
        const { '@graph': graph, ...rest } = thing as Thing
        for (const node of [rest, ...(Array.isArray(graph) ? graph.slice(0, 1000) : [])] as unknown[]) {
          if (typeof node === 'object' && node !== null) things.push(node as Thing)
        }
      }
    } catch {
      // pages have all kinds of text in there
    }
  }
  return things
}

/** What surrounds the content: navigation, footer, forms, notices, what is hidden. */
function isChrome(tag: Element): boolean {
  const { attribs, name } = tag
  if (name === 'html' || name === 'body' || name === 'main') return false
  return (
    CHROME_TAGS.has(name) ||
    (name === 'header' && !isInContent(tag)) ||
    'hidden' in attribs ||
    attribs['aria-hidden'] === 'true' ||
    CHROME_ROLE.test(attribs['role'] ?? '') ||
    /display:\s?none/.test(attribs['style'] ?? '') ||
    classesOf(tag).some((token) => CHROME_CLASS.test(token))
  )
}

function isInContent(tag: Element): boolean {
  let above = tag.parent
  for (let levels = 0; above && levels < 12; levels++) {
    if (isElement(above as Element) && /^(?:main|article|section)$/.test((above as Element).name)) return true
    above = above.parent
  }
  return false
}

/** Prose before cards, since hundreds of cards say less about a shop. No line twice. */
function readLines(root: Root, cards: readonly Element[]): readonly string[] {
  const skip = (tag: Element): boolean => isCard(tag) || isChrome(tag)
  return [...new Set([root, ...cards].flatMap((part) => linesOf(part, skip)))]
}

function findHeadings(root: Root, products: readonly Product[]): readonly string[] {
  const named = new Set(products.map((product) => product.name))
  const found = new Set<string>()
  walk(root, (tag) => {
    if (!isElement(tag) || isChrome(tag) || found.size >= MOST_HEADINGS) return false
    if (!/^h[1-4]$/.test(tag.name)) return true
    // an unclosed heading holds what follows
    const text = linesOf(tag, (inner) => NOT_IN_HEADING.test(inner.name) || isCard(inner)).join(' ')
    if (text && !named.has(text)) found.add(text.slice(0, LONGEST_TITLE).toWellFormed())
    return true
  })
  return [...found]
}

/** Scripts without spaces between words count two characters as a word. */
function countWords(lines: readonly string[]): number {
  let words = 0
  for (const line of lines) {
    const unspaced =
      line.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu)?.length ?? 0
    const rest = unspaced
      ? line.replaceAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu, ' ')
      : line
    words += Math.ceil(unspaced / 2) + (rest.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’.,-]*/gu)?.length ?? 0)
  }
  return words
}

type Metas = ReadonlyMap<string, string>

/** The first meta tag of each name, in small letters, that says anything. */
function readMetas(root: Root): Metas {
  const metas = new Map<string, string>()
  for (const { attribs } of tagsOf(root, 'meta')) {
    const key = (attribs['name'] ?? attribs['property'] ?? attribs['http-equiv'] ?? '').toLowerCase()
    const content = tidy(attribs['content'] ?? '')
    if (content && !metas.has(key)) metas.set(key, content)
  }
  return metas
}

function metaOf(metas: Metas, ...names: readonly string[]): string | undefined {
  return names.map((name) => metas.get(name)).find(Boolean)
}

function attributeOf(tags: readonly Element[], ...names: readonly string[]): string | undefined {
  return tags.flatMap((tag) => names.map((name) => tag.attribs[name])).find(Boolean)
}

function findStoreId(root: Root, metas: Metas, shop: Thing | undefined): string | undefined {
  const identifier = [shop?.['identifier']].flat()[0]
  const value = typeof identifier === 'object' && identifier ? (identifier as Thing)['value'] : identifier
  const said =
    metaOf(metas, 'store-id', 'store_id', 'shop-id', 'shop_id') ??
    attributeOf(tagsOf(root), 'data-store-id', 'data-shop-id') ??
    (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
  const id = said
    .trim()
    .replaceAll(/[^\w.:-]+/g, '-')
    .slice(0, 80)
  return /[a-z0-9]/i.test(id) ? id : undefined
}

function slugOf(file: string): string {
  const bare = basename(file.toWellFormed().replaceAll('\\', '/')).replace(/\.html?$/i, '')
  const plain = bare.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^-|-$/g, '')
  return slug || `page-${createHash('sha256').update(file).digest('hex').slice(0, 8)}`
}

/** The name that the page gives to the shop, or else the part of its title that is most like its address. */
function findTitle(root: Root, metas: Metas, shop: Thing | undefined, address: string): string | undefined {
  const named = shop?.['name']
  const said = (typeof named === 'string' && tidy(named)) || metaOf(metas, 'og:site_name', 'application-name')
  if (said) return said.slice(0, LONGEST_TITLE).toWellFormed()
  const [titled] = tagsOf(root, 'title')
  const title = (titled && linesOf(titled).join(' ')) || metaOf(metas, 'og:title')
  const parts = (title ?? '')
    .split(/\s+(?:[|–—·•»:-]|::)\s+/)
    .filter((part) => part && !COMMONPLACE.test(part))
  const host = lettersOf(address)
  const own = parts.find((part) => lettersOf(part).length > 2 && host.includes(lettersOf(part)))
  const [heading] = tagsOf(root, 'h1')
  const best = own ?? parts[0] ?? (heading && linesOf(heading).join(' '))
  return best?.slice(0, LONGEST_TITLE).toWellFormed() || undefined
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('&', 'and')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function findLanguage(root: Root, metas: Metas): string {
  const said = [
    attributeOf(tagsOf(root, 'html'), 'lang'),
    metaOf(metas, 'content-language', 'og:locale', 'language'),
    attributeOf(tagsOf(root, 'body'), 'lang'),
  ]
  const tag = said
    .map((lang) => lang?.trim().replaceAll('_', '-'))
    .find((lang) => /^[a-z]{2,3}(?:-[a-z]{4})?(?:-[a-z]{2})?$/i.test(lang ?? ''))
  return tag ? (Intl.getCanonicalLocales(tag)[0] ?? 'und') : 'und'
}

function findUrl(root: Root, metas: Metas, shop: Thing | undefined): string | undefined {
  const canonical = tagsOf(root, 'link').filter((link) => link.attribs['rel'] === 'canonical')
  const said = [attributeOf(canonical, 'href'), metaOf(metas, 'og:url'), shop?.['url']]
  for (const url of said) {
    if (typeof url !== 'string' || url.length > 2000 || !/^\s*https?:\/\//i.test(url)) continue
    const parsed = URL.parse(url)
    if (parsed) return parsed.href
  }
  return undefined
}
