import { hash, randomBytes } from 'node:crypto'
import { seal, unseal } from './sealed-row.ts'
import type { Delete, Store } from './store.ts'

/** What a callback token stands for. */
export interface Callback {
  readonly run: string
  readonly signal: string
  /** Absolute, milliseconds. */
  readonly until?: number
}

/** Makes a token of 32 random bytes. The store keeps its hash alone, so that who reads the store cannot call back. */
export async function newToken(store: Store, callback: Callback): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await store.write({ put: [{ collection: 'token', key: keyOf(token), value: seal(callback) }] })
  return token
}

/** What a token stands for, and the delete that uses it up; `undefined` for one that was used, or never was. */
export async function readToken(
  store: Store,
  token: string,
): Promise<(Callback & { readonly spent: Delete }) | undefined> {
  const key = keyOf(token)
  const [row] = await store.get('token', [key])
  if (!row) return undefined
  return {
    ...(unseal(row.value, 'The callback token') as Callback),
    spent: { collection: 'token', key, must: true },
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64url')
}
