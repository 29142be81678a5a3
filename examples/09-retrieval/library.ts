import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import MiniSearch from 'minisearch'

/** A paragraph of a document, and where it stands. */
export interface Passage {
  readonly id: string
  readonly file: string
  readonly text: string
}

/** Finds paragraphs. */
export interface Library {
  find(question: string, most: number): readonly Passage[]
}

/** Reads every .txt file of a folder into an index in memory: words, beginnings of words, and words with a slip of the pen. */
export async function openLibrary(folder: string): Promise<Library> {
  const index = new MiniSearch<Passage>({ fields: ['text', 'file'], storeFields: ['id', 'file', 'text'] })
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()) {
    const paragraphs = (await readFile(join(folder, file), 'utf8'))
      .split(/\n\s*\n/)
      .filter((text) => text.trim() !== '')
    index.addAll(paragraphs.map((text, i) => ({ id: `${file}#${i + 1}`, file, text: text.trim() })))
  }
  return {
    find: (question, most) =>
      index
        .search(question, { prefix: true, fuzzy: 0.2 })
        .slice(0, most)
        .map(({ id, file, text }) => ({ id: String(id), file: String(file), text: String(text) })),
  }
}
