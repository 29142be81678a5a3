/**
 * A value at rest: AES-256-GCM with the name of its key. The place it belongs to is authenticated with it, so that a row
 * that was changed, or put in the place of another one, is found out.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { KeyRing } from './key-ring.ts'
import type { Collection } from './store.ts'

/** Where a value belongs. */
export interface Place {
  readonly collection: Collection
  readonly key: string
}

interface Envelope {
  readonly aes: string
  /** Whose it is, where its key does not say that. */
  readonly of?: string
  /** Initialisation vector, tag and text, in base64. */
  readonly body: string
}

const BEGIN = '{"aes":'
const IV = 12
const TAG = 16

export function isEnvelope(value: string): boolean {
  return value.startsWith(BEGIN)
}

/** The name of the key of an envelope, and whose it is. */
export function readEnvelope(value: string): Pick<Envelope, 'aes' | 'of'> {
  return JSON.parse(value) as Envelope
}

export function seal(text: string, place: Place, name: string, keys: KeyRing, of?: string): string {
  const key = keys.get(name)
  if (!key) throw keyMissing(place, name)
  const iv = randomBytes(IV)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad(place, name, of))
  const body = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const envelope: Envelope = { aes: name, ...(of === undefined ? {} : { of }), body: body.toString('base64') }
  return JSON.stringify(envelope)
}

/** The text of an envelope. Throws `key-missing`, or `corrupt-document` for one that was changed or moved. */
export function unseal(value: string, place: Place, keys: KeyRing): string {
  let name: string
  let of: string | undefined
  let body: Buffer
  try {
    const envelope = JSON.parse(value) as Envelope
    ;({ aes: name, of } = envelope)
    body = Buffer.from(envelope.body, 'base64')
  } catch (cause) {
    throw damaged(place, cause)
  }
  const key = keys.get(name)
  if (!key) throw keyMissing(place, name)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, IV), { authTagLength: TAG })
    decipher.setAAD(aad(place, name, of)).setAuthTag(body.subarray(-TAG))
    return Buffer.concat([decipher.update(body.subarray(IV, -TAG)), decipher.final()]).toString()
  } catch (cause) {
    throw damaged(place, cause)
  }
}

function aad({ collection, key }: Place, name: string, of = ''): Buffer {
  return Buffer.from(JSON.stringify([collection, key, name, of]))
}

function keyMissing({ collection, key }: Place, name: string): StepwrightError {
  return new StepwrightError('key-missing', {
    what: `The ${collection} ${quote(key)} is encrypted with the key ${quote(name)}, which is not here`,
    remedy:
      'Give that key too; keys that are not current are needed for as long as something is encrypted with them',
    details: { collection, key, missing: name },
  })
}

export function damaged({ collection, key }: Place, cause?: unknown): StepwrightError {
  return new StepwrightError('corrupt-document', {
    what: `The ${collection} ${quote(key)} was changed, or is that of another place (it cannot be decrypted)`,
    remedy: 'Restore it from a backup; other runs are not affected',
    cause,
    details: { collection, key },
  })
}
