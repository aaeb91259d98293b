import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { KedgeError } from '../errors.ts'

/** The key of a project's pseudonyms; nothing leads from it to the secret or to another project's. */
export const pseudonymKey = (secret: string, project: string): Buffer =>
  createHmac('sha256', secret).update(`personal columns\0${project}`).digest()

const wrapping = (shared: string) => createHmac('sha256', shared).update('key of pseudonyms').digest()

/**
 * A project's key as it goes to inference processes, and lies on their disks, under the secret that they share with control. The same
 * whenever it is sealed: a routing does not change because another control process tells it.
 */
export function sealPseudonymKey(shared: string, project: string, key: Buffer): string {
  const nonce = createHmac('sha256', wrapping(shared)).update(project).update(key).digest().subarray(0, 12)
  const cipher = createCipheriv('aes-256-gcm', wrapping(shared), nonce).setAAD(Buffer.from(project))
  const text = Buffer.concat([cipher.update(key), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
}

/** Errors: `conflict` when another secret sealed it. */
export function openPseudonymKey(shared: string, project: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrapping(shared), bytes.subarray(0, 12))
      .setAAD(Buffer.from(project))
      .setAuthTag(bytes.subarray(12, 28))
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
  } catch (cause) {
    throw new KedgeError(
      'conflict',
      { what: 'The key of pseudonyms was sealed with another internal secret' },
      { cause, todo: 'Give this process the KEDGE_INTERNAL_SECRET that control has.' },
    )
  }
}
