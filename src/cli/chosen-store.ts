import { readFileSync } from 'node:fs'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { encrypted, type EncryptedStore } from '../store/encrypted-store.ts'
import { readKeys } from '../store/key-ring.ts'
import { makeStore, type StoreOption } from '../store/open-store.ts'
import type { Store } from '../store/store.ts'

/** The store of `--store`, decrypted where there are keys. They come from the environment: arguments can be seen by others. */
export function chosenStore(url: string): Store {
  const keys = keyText()
  const store = makeStore(url as StoreOption)
  return keys === undefined ? store : encrypted(store, { keys: readKeys(keys) })
}

/** The same for a command that needs keys. `plain`: also rows in the clear are read. */
export function encryptedStore(url: string, plain: boolean): EncryptedStore {
  const keys = keyText()
  if (keys !== undefined) return encrypted(makeStore(url as StoreOption), { keys: readKeys(keys), plain })
  throw new StepwrightError('invalid-options', {
    what: 'There are no keys in STEPWRIGHT_KEYS, and STEPWRIGHT_KEYS_FILE names no file',
    remedy: 'Give them as name:key, the current one first; `openssl rand -base64 32` makes a key',
  })
}

function keyText(): string | undefined {
  const { STEPWRIGHT_KEYS: text, STEPWRIGHT_KEYS_FILE: file } = process.env
  if (text !== undefined && text !== '') return text
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new StepwrightError('invalid-options', {
      what: `STEPWRIGHT_KEYS_FILE names ${quote(file)}, which cannot be read`,
      remedy: 'Name a file that this user can read',
      cause,
    })
  }
}
