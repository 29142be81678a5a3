import { encryptedStore } from './chosen-store.ts'
import { EXIT } from './exit-code.ts'
import type { StoreChoice } from './shell-line.ts'
import { mustExist } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** Encrypts what is stored with the current key. */
export async function rekeyCommand(
  { plain = false }: { readonly plain?: boolean },
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  mustExist(url)
  const store = encryptedStore(url, plain)
  try {
    await store.open()
    const rows = await store.rekey()
    if (terminal.json) terminal.printJson({ rows })
    else terminal.print(`${rows} rows encrypted with the current key`)
    return EXIT.ok
  } finally {
    await store.close()
  }
}
