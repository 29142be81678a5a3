/** Verbs that choose among what there is. */
import { z } from 'zod'
import { quoted, type FormOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import { askObject } from './object.ts'

/** An enum of TypeScript, or a list of names. */
export type Labels = Readonly<Record<string, string | number>> | readonly string[]

/** A member of an enum, or one of a list. */
export type LabelOf<L extends Labels> = L extends readonly (infer T)[] ? T : L[keyof L]

/** How texts are classified. */
export interface ClassifyOptions<L extends Labels = Labels> extends FormOptions {
  /** What the labels mean, where that is not plain. */
  readonly meaning?: Partial<Record<LabelOf<L> & string, string>>
  /** What is asked of the text: `How urgent is this?` */
  readonly question?: string
}

/** One label for a text. */
export async function classify<const L extends Labels>(
  caller: Caller,
  labels: L,
  text: string,
  { meaning = {}, question, ...options }: ClassifyOptions<L>,
): Promise<LabelOf<L>> {
  const { names, valueOf } = readLabels(labels)
  const schema = z.object({ label: z.enum(names) })
  const prompt = asked(names, meaning, question ?? 'Which label fits this text?', text)
  const { label } = await askObject(caller, schema, prompt, options, 'classify')
  return valueOf(label) as LabelOf<L>
}

/** Every label that fits a text; none may. */
export async function classifyAll<const L extends Labels>(
  caller: Caller,
  labels: L,
  text: string,
  { meaning = {}, question, ...options }: ClassifyOptions<L>,
): Promise<LabelOf<L>[]> {
  const { names, valueOf } = readLabels(labels)
  const schema = z.object({ labels: z.array(z.enum(names)) })
  const prompt = asked(names, meaning, question ?? 'Which labels fit this text? None may.', text)
  const found = await askObject(caller, schema, prompt, options, 'classifyAll')
  return [...new Set(found.labels)].map((name) => valueOf(name) as LabelOf<L>)
}

/** Names as a model is shown them: the values of a string enum, the members of a numeric one. */
function readLabels(labels: Labels): { names: string[]; valueOf: (name: string) => unknown } {
  if (Array.isArray(labels)) return { names: [...(labels as readonly string[])], valueOf: (name) => name }
  const members = Object.entries(labels as Readonly<Record<string, string | number>>).filter(
    ([key]) => !/^\d+$/.test(key), // a numeric enum holds its names as well
  )
  const byName = new Map(members.map(([key, value]) => [typeof value === 'string' ? value : key, value]))
  return { names: [...byName.keys()], valueOf: (name) => byName.get(name) }
}

function asked(
  names: readonly string[],
  meaning: Readonly<Record<string, string | undefined>>,
  question: string,
  text: string,
): string {
  const list = names.map((name) => `- ${name}${meaning[name] === undefined ? '' : `: ${meaning[name]}`}`)
  return `${question}\n${list.join('\n')}\n${quoted(text)}`
}
