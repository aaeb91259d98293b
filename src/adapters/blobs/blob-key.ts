import { KedgeError } from '../../errors.ts'

const digestForm = /^[0-9a-f]{64}$/

/** `sha256/ab/cdef…`: where the bytes of a digest are in a store. Errors: `invalid_input` for what is no digest. */
export function blobKey(digest: string): string {
  if (!digestForm.test(digest))
    throw new KedgeError('invalid_input', { what: 'A digest is 64 lower-case hex digits (SHA-256)' })
  return `sha256/${digest.slice(0, 2)}/${digest.slice(2)}`
}

/** The digest of a key, or nothing when the key is none of ours. */
export function digestOf(key: string): string | undefined {
  const match = /^sha256\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(key)
  return match ? match[1]! + match[2]! : undefined
}
