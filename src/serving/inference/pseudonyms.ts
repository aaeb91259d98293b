import { createHmac } from 'node:crypto'
import { openPseudonymKey, pseudonymKey } from '../pseudonym-key.ts'

/**
 * What stands on record for a personal value: the same for the same value of a project, and nothing that leads back to it. An
 * inference process has each project's key sealed, from control.
 */
export type Pseudonyms = (project: string, sealedKey?: string) => (value: string | number) => string

/** pseudonyms that are kept, of each project */
const most = 20_000
const bytes = 16

/**
 * HMAC-SHA-256 of the value under a key of its project: the first 128 bits, after `hash:`. The key is derived from `secret`, where
 * it is not told sealed under it. Whoever has the key can try values out; nobody else can. Errors: `conflict`, see
 * `openPseudonymKey`.
 */
export function createPseudonyms(secret: string): Pseudonyms {
  const made = new Map<string, (value: string | number) => string>()
  return (project, sealedKey) => {
    const name = `${project}\0${sealedKey ?? ''}`
    let found = made.get(name)
    if (!found) {
      found = ofKey(
        sealedKey === undefined ? pseudonymKey(secret, project) : openPseudonymKey(secret, project, sealedKey),
      )
      made.set(name, found)
    }
    return found
  }
}

function ofKey(key: Buffer) {
  const known = new Map<string, string>()
  return (value: string | number) => {
    const text = String(value)
    const found = known.get(text)
    if (found !== undefined) return found
    const made = `hash:${createHmac('sha256', key).update(text).digest().subarray(0, bytes).toString('base64url')}`
    if (known.size >= most) known.delete(known.keys().next().value!)
    known.set(text, made)
    return made
  }
}
