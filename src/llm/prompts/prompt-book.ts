import { z } from 'zod'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { toMs, type Duration } from '../../model/duration.ts'
import { joinKey } from '../../model/identifier.ts'
import { makePrompt, shortHash, type Prompt } from './prompt.ts'
import { hashOf } from '../request-hash.ts'
import { pick, type Share } from './share.ts'
import { checkTemplate, invalidPrompt, templateSchema, type Template } from './template.ts'

/** Where a prompt book keeps its prompts: a Keyv without a time to live, or anything with these two. */
export interface PromptShelf {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<unknown>
}

/** How a prompt book is read. */
export interface PromptBookOptions {
  /** How long a label that was read is taken to stand. Default 10 s: so long until all processes see a change. */
  readonly maxAge?: Duration
  /** Called where a stored prompt could not be used, or the store not be read. Default: `process.emitWarning`. */
  readonly onWarning?: (message: string) => void
  /** The clock. Default: `Date.now`. */
  readonly now?: () => number
}

/** Which version is wanted: that of a label, or that of one of several, by their share; `by` is what keeps to its variant, a run's id. */
export type Choice = { readonly label?: string } | { readonly share: Share; readonly by: string }

/** A version that is in a book. */
export interface SavedVersion {
  readonly version: string
  /** Milliseconds since 1970. */
  readonly savedAt: number
  readonly labels: readonly string[]
}

/** A prompt as it is used, and until when: one that stands in for a stored one is not used for ever. */
interface Made {
  readonly prompt: unknown
  readonly until: number
}

const savedSchema = z.object({ template: templateSchema, savedAt: z.number() })
const indexSchema = z
  .object({ versions: z.array(z.string()), labels: z.array(z.string()) })
  .default({ versions: [], labels: [] })
type Saved = z.output<typeof savedSchema>
type Index = z.output<typeof indexSchema>

/** A prompt, whatever its variables are. */
type AnyPrompt = Pick<Prompt, 'name' | 'version' | 'template' | 'variables'>

/** Versions of prompts, and labels on them that can be changed while programs run. */
class PromptBook {
  readonly #shelf: PromptShelf
  readonly #maxAge: number
  readonly #warn: (message: string) => void
  readonly #now: () => number
  readonly #labels = new Map<string, { readonly version: string | undefined; readonly readAt: number }>()
  /** What came of each stored version of a prompt in the code. */
  readonly #made = new WeakMap<object, Map<string, Made>>()

  constructor(shelf: PromptShelf, options: PromptBookOptions) {
    this.#shelf = shelf
    this.#maxAge = toMs(options.maxAge ?? '10s', 'maxAge')
    this.#warn = options.onWarning ?? ((message) => process.emitWarning(message, 'StepwrightWarning'))
    this.#now = options.now ?? Date.now
  }

  /**
   * Keeps a prompt of the code, or another template for it, and gives its version. What a version says never changes.
   * Given a prompt and not its name, its variables are checked now.
   */
  async save(
    what: AnyPrompt | string,
    template?: Template,
    { version: wanted }: { readonly version?: string } = {},
  ): Promise<string> {
    const name = nameOf(what)
    const kept = template ?? (typeof what === 'string' ? undefined : what.template)
    if (!kept) throw invalidPrompt(name, ['there is no template to save'])
    if (typeof what !== 'string') checkTemplate(name, kept, Object.keys(what.variables.shape))
    const own = typeof what === 'string' || template ? shortHash(hashOf(kept)) : what.version
    const version = wanted ?? own
    const key = joinKey('prompt', name, 'version', version)
    const before = await this.#saved(name, version)
    if (before && hashOf(before.template) !== hashOf(kept))
      throw invalidPrompt(name, [`its version ${JSON.stringify(version)} was saved before with another text`])
    if (!before) await this.#put(key, { template: kept, savedAt: this.#now() })
    await this.#addTo(name, 'versions', version)
    return version
  }

  /** Puts a label on a version. Other processes see it within `maxAge`. */
  async label(what: AnyPrompt | string, label: string, version: string): Promise<void> {
    const name = nameOf(what)
    if (!(await this.template(name, version)))
      throw invalidPrompt(name, [`there is no version ${JSON.stringify(version)} of it to be ${label}`])
    const key = joinKey('prompt', name, 'label', label)
    await this.#put(key, version)
    this.#labels.set(key, { version, readAt: this.#now() })
    await this.#addTo(name, 'labels', label)
  }

  /** What a version says; `undefined` where there is none. */
  async template(what: AnyPrompt | string, version: string): Promise<Template | undefined> {
    const name = nameOf(what)
    return (await this.#saved(name, version))?.template
  }

  /** All versions of a prompt, in the order in which they were saved. */
  async versions(what: AnyPrompt | string): Promise<readonly SavedVersion[]> {
    const name = nameOf(what)
    const index = await this.#index(name)
    const labels = new Map<string, string>()
    for (const label of index.labels)
      labels.set(label, String(await this.#shelf.get(joinKey('prompt', name, 'label', label))))
    const found: SavedVersion[] = []
    for (const version of index.versions) {
      const saved = await this.#saved(name, version)
      const its = [...labels].filter(([, at]) => at === version).map(([label]) => label)
      if (saved) found.push({ version, savedAt: saved.savedAt, labels: its })
    }
    return found.sort((a, b) => a.savedAt - b.savedAt)
  }

  /**
   * A prompt as the book has it: the version that a label (`production`, unless said otherwise) is on. The prompt in the
   * code is the fallback: where there is no such label, where the stored template has other variables, where nothing can
   * be read. The last two are told as warnings.
   */
  async get<V extends z.ZodObject>(prompt: Prompt<V>, choice: Choice = {}): Promise<Prompt<V>> {
    const label =
      'share' in choice ? pick(prompt.name, choice.share, choice.by) : (choice.label ?? 'production')
    const version = await this.#labelled(prompt.name, label)
    if (version === undefined) return prompt
    const made = this.#made.get(prompt) ?? new Map<string, Made>()
    this.#made.set(prompt, made)
    let found = made.get(version)
    if (!found || found.until <= this.#now()) {
      found = await this.#make(prompt, version)
      made.set(version, found)
    }
    return found.prompt as Prompt<V>
  }

  async #make<V extends z.ZodObject>(prompt: Prompt<V>, version: string): Promise<Made> {
    const { name, variables, render } = prompt
    try {
      const template = await this.template(name, version)
      if (!template) throw invalidPrompt(name, [`there is no version ${JSON.stringify(version)} of it`])
      return { prompt: makePrompt({ name, variables, render, template, version }), until: Infinity }
    } catch (error) {
      this.#warn(`Its version in the code is used: ${sayError(error)}`)
      return { prompt, until: this.#now() + this.#maxAge }
    }
  }

  /** The version that a label is on; as it was read last where it cannot be read now. */
  async #labelled(name: string, label: string): Promise<string | undefined> {
    const key = joinKey('prompt', name, 'label', label)
    const known = this.#labels.get(key)
    const now = this.#now()
    if (known && now - known.readAt < this.#maxAge) return known.version
    let version = known?.version
    try {
      const read = await this.#shelf.get(key)
      // labels are never taken off: a Keyv that cannot read says that there is nothing
      if (typeof read === 'string') version = read
    } catch (error) {
      this.#warn(`The label ${label} of the prompt ${name} cannot be read: ${sayError(error)}`)
    }
    this.#labels.set(key, { version, readAt: now })
    return version
  }

  async #saved(name: string, version: string): Promise<Saved | undefined> {
    const stored = await this.#shelf.get(joinKey('prompt', name, 'version', version))
    if (stored === undefined || stored === null) return undefined
    const read = savedSchema.safeParse(stored)
    if (read.success) return read.data
    throw invalidPrompt(
      name,
      [`its version ${JSON.stringify(version)} is stored in another form`],
      read.error,
    )
  }

  async #index(name: string): Promise<Index> {
    return indexSchema.parse((await this.#shelf.get(joinKey('prompt', name, 'index'))) ?? undefined)
  }

  /** The index is for people: no call needs it, so a write of another process that comes between costs a line of a list. */
  async #addTo(name: string, list: keyof Index, item: string): Promise<void> {
    const index = await this.#index(name)
    if (!index[list].includes(item))
      await this.#put(joinKey('prompt', name, 'index'), { ...index, [list]: [...index[list], item] })
  }

  async #put(key: string, value: unknown): Promise<void> {
    if ((await this.#shelf.set(key, value)) !== false) return
    throw new StepwrightError('store-unavailable', {
      what: `The prompt book could not write ${key}`,
      remedy: 'Look whether the store of the book is there, and save again',
    })
  }
}

function nameOf(what: AnyPrompt | string): string {
  return typeof what === 'string' ? what : what.name
}

function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What a book can do. */
export type { PromptBook }

/**
 * A book of prompts in a Keyv: versions, labels on them, shares of runs that try one.
 *
 * @example
 * const book = promptBook(new Keyv(new KeyvRedis(url)))
 * await book.label(summary, 'production', await book.save(summary))
 * const now = await book.get(summary, { share: { production: 0.9, canary: 0.1 }, by: run.id })
 * await llm.text(now({ document }))
 */
export function promptBook(keyv: PromptShelf, options: PromptBookOptions = {}): PromptBook {
  return new PromptBook(keyv, options)
}
