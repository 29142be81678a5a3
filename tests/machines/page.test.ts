import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  LONGEST_TEXT,
  listPages,
  PageFolderError,
  readPage,
  type Page,
} from '../../machines/promoter/page.ts'

const PAGES = join(import.meta.dirname, '../../machines/promoter/pages')

interface Expected {
  readonly storeId: string
  readonly name: string
  readonly lang: string
  readonly contact?: string
  readonly url?: string
  readonly products: number
  readonly first?: { readonly name: string; readonly price: string }
  readonly says?: string
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  'ember-quay-coffee': {
    storeId: 'EQ.coffee.88',
    name: 'Ember Quay Coffee',
    lang: 'en-IE',
    contact: 'hello@ember-quay.example',
    url: 'https://ember-quay.example/',
    products: 36,
    first: { name: 'Finca Las Tres Nubes, washed', price: '18.25 EUR' },
    says: 'Every second Monday we roast for 640 subscribers',
  },
  'foxglove-lane-books': {
    storeId: 'foxglove-lane',
    name: 'Foxglove Lane Books',
    lang: 'en',
    contact: 'shop@foxglove-lane.example',
    url: 'https://foxglove-lane.example/',
    products: 28,
    first: { name: 'The Ferryman at Midsummer', price: '23.99 GBP' },
    says: 'Each month we pick a book for you',
  },
  'kiln-and-clay': {
    storeId: 'kiln-and-clay-2041',
    name: 'Kiln & Clay',
    lang: 'en-GB',
    contact: 'hello@kiln-and-clay.example',
    url: 'https://www.kiln-and-clay.example/',
    products: 16,
    first: { name: 'Low Tide mug', price: '£28.00' },
    says: 'Our clay comes from a pit nine miles inland.',
  },
  'mossy-ledge-plants': {
    storeId: 'mossy-ledge',
    name: 'Mossy Ledge Plants',
    lang: 'und',
    contact: 'ledge@mossy-ledge.example',
    products: 10,
    first: { name: 'Trailing silverleaf', price: '$18' },
    says: 'AT&C <3 plants.',
  },
  'pip-and-fennel': {
    storeId: 'PF-00318',
    name: 'Pip & Fennel',
    lang: 'en-US',
    url: 'https://pip-and-fennel.example/',
    products: 12,
    first: { name: 'Kimono bodysuit, rib', price: '$19.00' },
    says: 'Fill a box with what your child has outgrown',
  },
  'senfmuehle-ahrwald': {
    storeId: 'ahrwald-07',
    name: 'Senfmühle Ahrwald',
    lang: 'de',
    contact: 'post@senfmuehle-ahrwald.example',
    url: 'https://www.senfmuehle-ahrwald.example/',
    products: 14,
    first: { name: 'Grober Müllersenf', price: '4.90 EUR' },
    says: 'Verdickungsmittel kennen wir nicht.',
  },
  'sprocket-attic': {
    storeId: 'attic_us_1',
    name: 'The Sprocket Attic',
    lang: 'en',
    contact: 'Parts@sprocket-attic.example',
    url: 'https://www.sprocket-attic.example/',
    products: 40,
    first: { name: 'Marchetto Fils fluted seatpost, 27.2 (1974)', price: '$23.50' },
    says: 'Derailleurs are rebuilt with new springs',
  },
  'tidewick-telescopes': {
    storeId: 'tidewick-telescopes',
    name: 'Tidewick Telescopes',
    lang: 'en',
    url: 'https://tidewick-telescopes.example/',
    products: 0,
  },
}

const names = Object.keys(EXPECTED)

async function htmlOf(name: string): Promise<string> {
  return readFile(join(PAGES, `${name}.html`), 'utf8')
}

function card(name: string, price: string): string {
  return `<div class="product-card"><h3>${name}</h3><span class="price">${price}</span></div>`
}

describe('shipped pages', () => {
  it('are all known, in order, and of very different sizes', async () => {
    const paths = await listPages(PAGES)
    expect(paths.map((path) => basename(path, '.html'))).toEqual(names)
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    sizes.sort((a, b) => a - b)
    expect(sizes[0]).toBeLessThan(2_500)
    expect(sizes.at(-2)).toBeGreaterThan(130_000)
    expect(sizes.at(-1)).toBeGreaterThan(380_000)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(900_000)
  })

  it.each(names)('%s says who it is and what it sells', async (name) => {
    const expected = EXPECTED[name]
    const page = readPage(await htmlOf(name), `${name}.html`)
    expect(page.storeId).toBe(expected?.storeId)
    expect(page.name).toBe(expected?.name)
    expect(page.lang).toBe(expected?.lang)
    expect(page.contact).toBe(expected?.contact)
    expect(page.url).toBe(expected?.url)
    expect(page.products).toHaveLength(expected?.products ?? -1)
    expect(page.products[0]).toEqual(expected?.first)
    for (const product of page.products) expect(product.price).toMatch(/\d/)
    expect(page.text).toContain(expected?.says ?? '')
  })

  it.each(names)('%s reads without scripts, styles, menus and footers', async (name) => {
    const page = readPage(await htmlOf(name), name)
    expect(page.text).not.toMatch(
      /function|window\.|display:|@media|base64|Add to (?:basket|cart)|cookie|Privacy|Impressum/i,
    )
    expect(page.text).not.toMatch(/ {2}|\n\n|^\s|\s$/)
    expect(page.text.length).toBeLessThanOrEqual(LONGEST_TEXT)
    expect(new Set(page.headings).size).toBe(page.headings.length)
  })

  it('cannot be summarized when nearly empty', async () => {
    const page = readPage(await htmlOf('tidewick-telescopes'), 'tidewick-telescopes.html')
    expect(page.words).toBeLessThan(30)
    for (const name of names.filter((name) => name !== 'tidewick-telescopes')) {
      expect(readPage(await htmlOf(name), name).words).toBeGreaterThan(200)
    }
  })

  it('give every product of broken markup, but none of a comment or a script', async () => {
    const { products, headings } = readPage(await htmlOf('mossy-ledge-plants'), 'mossy-ledge-plants.html')
    expect(products.map((product) => `${product.name} ${product.price}`)).toEqual([
      'Trailing silverleaf $18',
      'Moss ledge terrarium $64.00',
      'Fishbone cactus $22.50',
      'Maidenhair fern, fussy $16',
      'Prayer plant & friend $27',
      'Ledge mix potting soil < 5 l $12',
      'Cork wall mount $35.00',
      'Air plant trio $21',
      'Bog lantern (carnivorous) $29',
      'Sick-plant clinic visit $40',
    ])
    expect(headings).toEqual(expect.arrayContaining(['The clinic', 'How we pack']))
  })

  it('give the reduced price, not the old one', async () => {
    const { products } = readPage(await htmlOf('pip-and-fennel'), 'pip-and-fennel.html')
    expect(products).toContainEqual({ name: 'Sleep sack, light (TOG 1)', price: '$42.00' })
  })
})

describe('what a page says', () => {
  it.each<[string, string, string]>([
    ['Ünser Läden.HTM', '', 'unser-laden'],
    ['../../x.html', '', 'x'],
    ['C:\\pages\\My Shop.html', '', 'my-shop'],
    ['日本.html', '', 'page-bd4ea7d2'],
    ['a.html', '<meta name="store-id" content=" ../7 \n ">', '..-7'],
    ['a.html', '<meta name="store-id" content="//">', 'a'],
    ['a.html', '<div data-shop-id=s9>', 's9'],
    ['a.html', '<script type="application/ld+json">{"@type":"Store","identifier":12}</script>', '12'],
  ])('has a store id: file %s with %s', (file, html, storeId) => {
    expect(readPage(html, file).storeId).toBe(storeId)
  })

  it.each<[string, string | undefined]>([
    ['<a href="mailto:%20Ann@Shop.example?cc=x@y.example">write</a> b@shop.example', 'Ann@shop.example'],
    ['<p>Mail: b.c+d@shop.co.example.</p>', 'b.c+d@shop.co.example'],
    ['<p>b (at) shop (dot) example</p>', 'b@shop.example'],
    ['<p>b[at]shop.example</p>', 'b@shop.example'],
    ['<p>b at shop dot example</p>', 'b@shop.example'],
    ['<p>&#98;&#64;shop.example</p>', 'b@shop.example'],
    ['<p>visit us at shop.example, or logo@2x.png</p>', undefined],
    ['<script>var a = "b@shop.example"</script>', undefined],
    ['<a href="mailto:">write</a>', undefined],
  ])('has a contact: %s', (html, contact) => {
    expect(readPage(html, 'a.html').contact).toBe(contact)
  })

  it.each<[string, string]>([
    ['<html lang="pt_br">', 'pt-BR'],
    ['<html lang=""><meta property="og:locale" content="fr_CA">', 'fr-CA'],
    ['<html lang="{{ locale }}">', 'und'],
  ])('has a language: %s', (html, lang) => {
    expect(readPage(html, 'a.html').lang).toBe(lang)
  })

  it.each<[string, string | undefined]>([
    ['€ 24,00', '€ 24,00'],
    ['1.299,00 €', '1.299,00 €'],
    ['&yen;2,400', '¥2,400'],
    ['CHF 12.–', 'CHF 12.–'],
    ['from 12 EUR', '12 EUR'],
    ['on request', undefined],
  ])('has a price: %s', (price, found) => {
    expect(readPage(card('Pot', price), 'a.html').products).toEqual([
      found ? { name: 'Pot', price: found } : { name: 'Pot' },
    ])
  })

  it('has each product once, from structured data and cards together', () => {
    const data = { '@type': 'Product', name: 'Pot', hasVariant: [{ '@type': 'Product', name: 'Pot, blue' }] }
    const html = `<script type="application/ld+json">${JSON.stringify([data])}</script>${card('POT', '$4')}${card('Lid', '$1')}`
    expect(readPage(html, 'a.html').products).toEqual([
      { name: 'Pot', price: '$4' },
      { name: 'Lid', price: '$1' },
    ])
  })

  it('ends with a sentence when it is long, and counts all words', () => {
    const page = readPage(`<p>${'Seven words are in this one sentence. '.repeat(1000)}</p>`, 'a.html')
    expect(page.text.length).toBeGreaterThan(LONGEST_TEXT - 50)
    expect(page.text.length).toBeLessThanOrEqual(LONGEST_TEXT)
    expect(page.text.endsWith('sentence.')).toBe(true)
    expect(page.words).toBe(7000)
  })

  it('counts words of a script without spaces', () => {
    expect(readPage('<p>陶器の店です。毎日使う器を作っています。</p>', 'a.html').words).toBeGreaterThan(5)
  })

  it('survives a page inside of a form, and a body inside of an unclosed head', () => {
    expect(readPage('<form id="all"><p>Pots for sale</p></form>', 'a.html').text).toBe('Pots for sale')
    expect(readPage('<html><head><title>T</title><body><p>Pots for sale', 'a.html').text).toBe(
      'Pots for sale',
    )
  })
})

describe('any input', () => {
  function check(page: Page): void {
    expect(page.storeId).toMatch(/^[\w.:-]{1,80}$/)
    expect(page.name).not.toBe('')
    expect(page.text.length).toBeLessThanOrEqual(LONGEST_TEXT)
    expect(page.headings.length).toBeLessThanOrEqual(20)
    expect(page.products.length).toBeLessThanOrEqual(40)
    expect(JSON.stringify(page)).not.toMatch(/\\ud[89a-f]/)
  }

  it('is read without an error, the same way each time', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<',
        '>',
        '</',
        '<!--',
        ']]>',
        '"',
        '&#x',
        '&amp',
        '\ud800',
        '\0',
        '<svg><p>',
        '<title>',
        '<h1>',
      ),
      fc.constantFrom(
        '<div class=product>',
        '<b itemprop=price content=9>',
        '<li data-sku=1 ',
        '$1',
        '<a href=mailto:a@b',
      ),
      fc.constantFrom(
        '<script type="application/ld+json">',
        '{"@graph":[null,{"@type":["Store",1],',
        '"name":{}}]}',
        '</script>',
      ),
    )
    const html = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(html, fc.string({ unit: 'binary' }), (text, name) => {
        const page = readPage(text, name)
        check(page)
        expect(readPage(text, name)).toEqual(page)
      }),
      { numRuns: 500 },
    )
  })

  it('may be a shipped page with parts cut out, doubled or swapped', async () => {
    const pages = await Promise.all(['kiln-and-clay', 'mossy-ledge-plants', 'senfmuehle-ahrwald'].map(htmlOf))
    const cut = fc.tuple(
      fc.nat(40_000),
      fc.nat(400),
      fc.constantFrom('', '<', '>', '"', "'", '</div>', '<!--', '\ufffd', '<p'),
    )
    fc.assert(
      fc.property(fc.constantFrom(...pages), fc.array(cut, { minLength: 1, maxLength: 12 }), (text, cuts) => {
        for (const [at, length, put] of cuts) text = text.slice(0, at) + put + text.slice(at + length)
        check(readPage(text, 'a.html'))
      }),
      { numRuns: 100 },
    )
  })

  it.each<[string, string]>([
    ['nothing', ''],
    ['5 MB of text', 'lorem ipsum dolor sit. '.repeat(230_000)],
    ['half a million open tags', '<div>'.repeat(500_000)],
    [
      'cards inside of cards',
      '<div itemtype="https://schema.org/Product"><b itemprop=price content=5>'.repeat(30_000),
    ],
    ['a card of empty titles', `<div class=product>${'<b class=title>'.repeat(100_000)}`],
    ['open headings', '<h1>'.repeat(300_000)],
    ['a tag of 300,000 attributes', `<div ${Array.from({ length: 300_000 }, (_, i) => `a${i}`).join(' ')}>`],
    ['a row of empty scripts', '<script type="application/ld+json">{}</script>'.repeat(40_000)],
    [
      'deep data',
      `<script type="application/ld+json">${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}</script>`,
    ],
    ['wide data', `<script type="application/ld+json">{"a":[${'1,'.repeat(900_000)}1]}</script>`],
    ['digits', `<div class=product>${'1'.repeat(2_000_000)}`],
    ['almost addresses', 'a at a(at)a@a. '.repeat(150_000)],
    ['control characters', '\0\ud800\uffff'.repeat(700_000)],
  ])('may be absurd: %s', (_, html) => {
    const before = performance.now()
    check(readPage(html, 'a.html'))
    // some hundred milliseconds; quadratic time would be minutes
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})

describe('a folder of pages', () => {
  it('is listed in order, with nothing but pages', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pages-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    for (const name of ['b.html', 'a.HTM', 'C.html', '.hidden.html', 'notes.txt', 'html'])
      await writeFile(join(folder, name), '')
    expect(await listPages(folder)).toEqual(['C.html', 'a.HTM', 'b.html'].map((name) => join(folder, name)))
  })

  it('is missed with a clear error', async () => {
    const missing = listPages(join(PAGES, 'none'))
    await expect(missing).rejects.toThrow(PageFolderError)
    await expect(missing).rejects.toThrow(/none' does not exist. Give a folder/)
    await expect(listPages(join(PAGES, 'kiln-and-clay.html'))).rejects.toThrow('is not a folder')
  })
})
