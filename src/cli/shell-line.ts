import type { Store } from '../store/store.ts'
import { clean } from './terminal.ts'

/** The store as it was given, and the one that is used without. */
export interface StoreChoice {
  readonly url: string
  /** It came with `--store`, so a command for another terminal must name it too. */
  readonly named: boolean
}

/** A stepwright command as a person can paste it into a shell. `verb` is ours; the words are quoted where needed. */
export function shellLine(
  verb: string,
  words: readonly string[],
  options: Readonly<Record<string, string | readonly string[] | true | undefined>> = {},
): string {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === true
      ? [`--${name}`]
      : [value ?? []].flat().map((each) => `--${name}${each.startsWith('-') ? '=' : ' '}${shellWord(each)}`),
  )
  const plain = words.map(shellWord)
  const guarded = words.some((word) => word.startsWith('-')) // such a word would be taken for an option
  return ['npx stepwright', verb, ...(guarded ? [...given, '--', ...plain] : [...plain, ...given])].join(' ')
}

/**
 * A command that needs a workflow file, as lines. Where none was named it stands last and is left out, so that the line
 * can be pasted and the file be typed behind it; the second line says which.
 */
export function fileLines(
  verb: string,
  words: readonly string[],
  { file, workflow }: { readonly file?: string | undefined; readonly workflow?: string | undefined },
  options: Parameters<typeof shellLine>[2] = {},
): readonly string[] {
  if (file !== undefined) return [shellLine(verb, [...words, file], options)]
  return [
    shellLine(verb, words, options),
    `with the file that exports ${workflow ?? 'its workflow'} at its end`,
  ]
}

/** The `--store` of such a command; an address with a password is shown without it. */
export function storeWord({ url, named }: StoreChoice, store: Store): string | undefined {
  if (!named) return undefined
  return /:\/\/[^/]*@/.test(url) ? store.name : url
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return clean(`'${word.replaceAll("'", String.raw`'\''`)}'`)
}
