import { classesOf, isElement, linesOf, tidy, walk, type Element, type Root } from './markup.ts'

/** A product that a page shows. */
export interface Product {
  readonly name: string
  /** As on the page (`€ 24,00`), or number and currency code of the structured data (`24.00 EUR`). */
  readonly price?: string
}

/** An object of a page's structured data (JSON-LD). */
export type Thing = Readonly<Record<string, unknown>>

const LONGEST_NAME = 200

/** So many tags of a card are read in search of a name and a price; each may hold all others. */
const MOST_TRIES = 50

const CARD =
  /^(?:[a-z]+[-_]{1,2}){0,2}product(?:[-_]{1,2}(?:card|item|tile|box|cell|teaser|entry))?$|^(?:card|tile|item|grid)[-_]{1,2}product$|^product(?:Card|Item|Tile|Box)$/

const NAME = /(?:^|[-_])(?:title|name|heading)$|(?:Title|Name)$/

const PRICE = /price|preis|prix|precio|prezzo|amount/i

const CURRENCY = String.raw`(?:[$€£¥₹₩円]|zł|\b(?:EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CAD|AUD|kr|Fr)\b\.?)`

const NUMBER = String.raw`(?<![\d.,])\d{1,3}(?:[.,'’ ]?\d{3}){0,3}(?:[.,](?:\d{2}|[-–]))?(?!\d)`

const MONEY = new RegExp(`${CURRENCY} ?${NUMBER}|${NUMBER} ?${CURRENCY}`, 'u')

/** Whether a tag is the card, row or microdata item of one product. */
export function isCard(tag: Element): boolean {
  if (/schema\.org\/(?:Product|Book)\s*$/i.test(tag.attribs['itemtype'] ?? '')) return true
  if (!/^(?:li|div|article|section|tr|a)$/.test(tag.name)) return false
  if (classesOf(tag).some((name) => CARD.test(name))) return true
  return tag.name !== 'a' && ['data-product-id', 'data-product', 'data-sku'].some((key) => tag.attribs[key])
}

/** The products of the cards, in the order of the page. Cards without a name are left out. */
export function productsOfCards(cards: readonly Element[]): readonly Product[] {
  return cards.map(readCard).filter((product) => product !== undefined)
}

function readCard(card: Element): Product | undefined {
  let named: string | undefined
  let headed: string | undefined
  let pictured: string | undefined
  let priced: string | undefined
  let tries = 0
  const read = (tag: Element): string => (++tries > MOST_TRIES ? '' : ownText(tag))
  walk(card, (tag) => {
    if (!isElement(tag)) return false
    // an unclosed card holds all that follow
    if (isCard(tag) || isCrossedOut(tag)) return false
    const { itemprop = '', content = '', alt = '' } = tag.attribs
    if (itemprop === 'name' || classesOf(tag).some((name) => NAME.test(name)))
      named ||= read(tag) || tidy(content)
    if (/^h[1-6]$/.test(tag.name)) headed ||= read(tag)
    if (tag.name === 'img') pictured ||= tidy(alt)
    if (itemprop === 'price' || classesOf(tag).some((name) => PRICE.test(name))) {
      priced ||= moneyIn(read(tag)) ?? numberIn(content, card)
    }
    return true
  })
  const text = ownText(card)
  const price = priced ?? moneyIn(text)
  // without any markup in there: what stands before the price
  const name =
    named || headed || pictured || (price ? text.slice(0, Math.max(0, text.indexOf(price))).trim() : '')
  return name ? product(name, price) : undefined
}

/** The old price of a reduced product. */
function isCrossedOut(tag: Element): boolean {
  return (
    /^(?:del|s|strike)$/.test(tag.name) ||
    classesOf(tag).some((name) => /(?:^|[-_])(?:old|was|compare|regular-was)/.test(name))
  )
}

function ownText(tag: Element): string {
  return linesOf(tag, (inner) => isCard(inner) || isCrossedOut(inner)).join(' ')
}

function moneyIn(text: string): string | undefined {
  return MONEY.exec(text)?.[0].trim()
}

/** Microdata may have the number in one attribute and the currency in another tag. */
function numberIn(content: string, card: Element): string | undefined {
  if (!/^\d{1,9}(?:[.,]\d{1,2})?$/.test(content)) return undefined
  let currency = ''
  walk(card, (tag) => {
    if (isElement(tag) && tag.attribs['itemprop'] === 'priceCurrency')
      currency ||= tidy(tag.attribs['content'] ?? '')
    return !isElement(tag) || !isCard(tag)
  })
  return /^[A-Z]{3}$/.test(currency) ? `${content} ${currency}` : content
}

function product(name: string, price: string | undefined): Product {
  const short = name.slice(0, LONGEST_NAME).toWellFormed()
  return price ? { name: short, price } : { name: short }
}

/** The products of structured data, in the order of the data. Variants of a product are not products. */
export function productsOfThings(things: readonly Thing[]): readonly Product[] {
  const found: Product[] = []
  const open: unknown[] = [...things].reverse()
  while (open.length > 0) {
    const thing = open.pop()
    if (typeof thing !== 'object' || thing === null) continue
    if (hasType(thing as Thing, /^(?:Product|ProductGroup|Book)$/)) {
      const { name, offers, price } = thing as Thing
      const text = typeof name === 'string' ? tidy(name) : ''
      if (text) found.push(product(text, priceOf(offers) ?? priceOf(price === undefined ? undefined : thing)))
      continue
    }
    const { itemOffered } = thing as Thing
    // an offer of a catalogue has the price outside of the product
    if (itemOffered && typeof itemOffered === 'object' && priceOf(thing))
      open.push({ offers: thing, ...itemOffered })
    else for (const part of Object.values(thing).reverse()) open.push(part)
  }
  return found
}

/** Whether a thing has a type that matches. */
export function hasType(thing: Thing, type: RegExp): boolean {
  return [thing['@type']]
    .flat()
    .some((name) => typeof name === 'string' && type.test(name.replace(/^.*\//, '')))
}

function priceOf(offers: unknown): string | undefined {
  const offer: unknown = Array.isArray(offers) ? offers[0] : offers
  if (typeof offer !== 'object' || offer === null) return undefined
  const { price, lowPrice, priceCurrency, priceSpecification } = offer as Thing
  const number = price ?? lowPrice
  if (typeof number !== 'string' && typeof number !== 'number') {
    const inner: unknown = [priceSpecification].flat()[0]
    // one level, since data may nest without end
    return typeof inner === 'object' ? priceOf({ ...inner, priceSpecification: undefined }) : undefined
  }
  const said = tidy(String(number)).slice(0, 40)
  return typeof priceCurrency === 'string' && /^\d/.test(said)
    ? `${said} ${tidy(priceCurrency).slice(0, 8)}`
    : said || undefined
}

/** Products of several sources: each name once, with the first price that was found for it. */
export function mergeProducts(products: readonly Product[], most: number): readonly Product[] {
  const byName = new Map<string, Product>()
  for (const { name, price } of products) {
    const key = name.toLowerCase()
    byName.set(key, product(byName.get(key)?.name ?? name, byName.get(key)?.price ?? price))
  }
  return [...byName.values()].slice(0, most)
}

/** The cards below a root, without those of skipped tags; a card may stand inside of another. */
export function findCards(root: Root, skip: (tag: Element) => boolean): readonly Element[] {
  const cards: Element[] = []
  walk(root, (tag) => {
    if (!isElement(tag) || skip(tag)) return false
    if (isCard(tag)) cards.push(tag)
    return true
  })
  return cards
}
