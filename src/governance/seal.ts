import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { KedgeError } from '../errors.ts'

const bind = (project: string, name: string) => Buffer.from(`${project}\0${name}`)

/** AES-256-GCM, bound to project and name so that a sealed value cannot be moved to another: nonce, tag, ciphertext in base64. */
export function seal(key: Buffer, project: string, name: string, value: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bind(project, name))
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
}

/** What was sealed. Errors: `conflict` when the key is not the one that sealed it. */
export function openSealed(key: Buffer, project: string, name: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    .setAAD(bind(project, name))
    .setAuthTag(bytes.subarray(12, 28))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new KedgeError(
      'conflict',
      { what: `The secret ${name} was sealed with another key` },
      {
        cause,
        todo: 'Start with the key it was stored under (KEDGE_SECRET_KEY or secret.key in the data directory), or store it again.',
      },
    )
  }
}
