/** Words too common to tell two texts apart. */
const STOP_WORDS = new Set(
  (
    'a about after all also am an and any are as at be been before being but by can could did do does for from ' +
    'had has have he her his how i if in into is it its just may me more most must my no not of on one only or ' +
    'our out own please she should so some such than that the their them then there these they this those to ' +
    'too up us very was we were what when where which who whom whose why will with would yes you your'
  ).split(' '),
)

/** Words about the answer or the document as such, not about what is in it. */
const FORM_WORDS = new Set(
  (
    'answer article brief briefly concise concisely content document following page point question sentence ' +
    'sentences short summary tagline text title word words'
  ).split(' '),
)

/** Commands; only at the start of a sentence, since "bees make honey" is no request. */
const COMMAND =
  /(?<=^|[.?!:\n] {0,3})(?:please |and |now )?(?:describe|draft|explain|extract|give|list|make|read|reply|respond|return|rewrite|say|summari[sz]e|tell|use|write)\b/gi

/** Every word of a text, lower-cased, in order. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu) ?? []
}

/** The words that carry meaning, as rough stems, so that `workflows` meets `workflow`. */
export function stemsOf(text: string): readonly string[] {
  return wordsOf(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem)
}

/** The words that say what a request is about, as stems. */
export function topicOf(request: string): ReadonlySet<string> {
  const words = wordsOf(request.replace(COMMAND, ' ')).filter((word) => !FORM_WORDS.has(word))
  return new Set(stemsOf(words.join(' ')))
}

/** The words of a property name: `mainTopic` and `main_topic` both give `main topic`. */
export function spell(name: string): string {
  return name.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2').replace(/[_-]+/g, ' ')
}

/** How many of the words are in the set. */
export function overlap(words: Iterable<string>, among: { has(word: string): boolean }): number {
  let found = 0
  for (const word of words) if (among.has(word)) found++
  return found
}

/** The most frequent meaningful words of a text, most frequent first, at most `limit` of them. */
export function keyWords(text: string, limit: number): readonly string[] {
  const counts = new Map<string, number>()
  for (const word of wordsOf(text)) if (!STOP_WORDS.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([word]) => word)
}

/** The first `limit` words of a text, with an ellipsis where something was left out. */
export function cutWords(text: string, limit: number): string {
  const parts = text.split(/\s+/).filter((part) => part !== '')
  if (parts.length <= limit) return text
  return `${parts
    .slice(0, Math.max(1, limit))
    .join(' ')
    .replace(/[\p{P}\s]+$/u, '')}…`
}

/** A text of at most `limit` UTF-16 units, ended after a whole word if one fits. */
export function cutChars(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit)
  if (/\s/.test(text.charAt(limit))) return cut.trimEnd()
  const space = cut.search(/\s\S*$/)
  return space > 0 ? cut.slice(0, space).trimEnd() : cut
}

/** A stable 32-bit hash (FNV-1a with a final mix, so that its low bits are usable too). */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function stem(word: string): string {
  return word.replace(/['’]s$/, '').replace(/(?<=.{3})(?:ing|ed|es|e|s)$/, '')
}
