/** Verbs that read a document: one that is longer than the model's window is read in pieces. */
import { z } from 'zod'
import { quoted, type AskOptions, type FormOptions } from '../ask.ts'
import type { Caller } from '../caller.ts'
import { sideBySide } from '../../model/side-by-side.ts'
import { split } from '../splitting.ts'
import { estimateTokens } from '../tokens.ts'
import { askObject } from './object.ts'
import { askText } from './text.ts'

/** How many pieces of a document are read at once. */
const AT_ONCE = 4
/** Of a model's window, what is left for the instruction and the answer. */
const SPARE = 0.4

/** How a document is read. */
export interface DocumentOptions extends FormOptions {
  /** The most tokens of one piece. Default: six tenths of the model's window. */
  readonly pieceTokens?: number
  /** What else the model is to know: `Prices are in euros.` */
  readonly hint?: string
}

/** How a summary is made. */
export interface SummaryOptions extends Omit<DocumentOptions, 'repairs'> {
  readonly words?: number
  readonly sentences?: number
}

function piecesOf(caller: Caller, document: string, tokens: number | undefined): readonly string[] {
  return split(document, tokens ?? Math.floor(caller.model.abilities.window * (1 - SPARE)))
}

/** A document that a prompt is made around. */
function about(instruction: string, document: string, hint: string | undefined): string {
  return `${instruction}${hint === undefined ? '' : `\n${hint}`}\n${quoted(document)}`
}

/** One record from a document. Of a long one the pieces are read first, and what they hold is put together. */
export async function extract<S extends z.ZodType>(
  caller: Caller,
  schema: S,
  document: string,
  { pieceTokens, hint, ...options }: DocumentOptions,
): Promise<z.output<S>> {
  const pieces = piecesOf(caller, document, pieceTokens)
  const read = (text: string): Promise<z.output<S>> =>
    askObject(
      caller,
      schema,
      about('Take the fields from this text. Make nothing up.', text, hint),
      options,
      'extract',
    )
  if (pieces.length === 1) return read(document)
  const notes = await sideBySide(pieces, AT_ONCE, (piece) =>
    askText(
      caller,
      about(
        `Write down what this part of a longer text says of: ${fieldsOf(schema)}. Only that.`,
        piece,
        hint,
      ),
      withoutKey(options),
      'extract',
    ),
  )
  return read(notes.join('\n\n'))
}

/** All records that a document holds, in order. */
export async function extractMany<S extends z.ZodType>(
  caller: Caller,
  schema: S,
  document: string,
  { pieceTokens, hint, ...options }: DocumentOptions,
): Promise<z.output<S>[]> {
  const many = z.object({ items: z.array(schema) })
  const found = await sideBySide(piecesOf(caller, document, pieceTokens), AT_ONCE, (piece) =>
    askObject(
      caller,
      many,
      about('Take every item from this text, in order. Make nothing up; there may be none.', piece, hint),
      options,
      'extractMany',
    ),
  )
  return found.flatMap(({ items }) => items as z.output<S>[])
}

/** A shorter text that says the same. Of a long document the pieces are summarized first, and then their summaries. */
export async function summarize(
  caller: Caller,
  document: string,
  { pieceTokens, hint, words, sentences, ...options }: SummaryOptions,
): Promise<string> {
  const size =
    sentences !== undefined ? ` in ${sentences} sentences` : words !== undefined ? ` in ${words} words` : ''
  const say = (text: string): Promise<string> =>
    askText(caller, about(`Summarize this text${size}.`, text, hint), options, 'summarize')
  const pieces = piecesOf(caller, document, pieceTokens)
  if (pieces.length === 1) return say(document)
  const parts = await sideBySide(pieces, AT_ONCE, (piece) =>
    askText(
      caller,
      about('Summarize this part of a longer text.', piece, hint),
      withoutKey(options),
      'summarize',
    ),
  )
  const whole = parts.join('\n\n')
  // a model that does not shorten would go on for ever
  if (estimateTokens(whole) >= estimateTokens(document)) return say(whole)
  const more = pieceTokens === undefined ? {} : { pieceTokens }
  return summarize(caller, whole, {
    ...options,
    ...more,
    ...(hint === undefined ? {} : { hint }),
    ...(words === undefined ? {} : { words }),
    ...(sentences === undefined ? {} : { sentences }),
  })
}

/** Pieces are told apart by what they are asked. */
function withoutKey({ key: _own, ...options }: AskOptions): AskOptions {
  return options
}

function fieldsOf(schema: z.ZodType): string {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape).join(', ') : 'what is asked for'
}
