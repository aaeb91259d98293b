import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KedgeError } from '../../errors.ts'
import type { ControlClient } from './control-client.ts'

/** Brings a blob here; the file is there only when it is whole. Errors: `unavailable`, `not_found`. */
export async function downloadBlob(control: Pick<ControlClient, 'blob'>, digest: string, path: string): Promise<void> {
  const hash = createHash('sha256')
  const content = await control.blob(digest)
  await pipeline(
    Readable.from(content),
    async function* (source) {
      for await (const chunk of source) {
        hash.update(chunk)
        yield chunk
      }
    },
    createWriteStream(`${path}.part`),
  )
  if (hash.digest('hex') !== digest) throw new KedgeError('unavailable', { what: `The file ${digest} arrived damaged` })
  await rename(`${path}.part`, path)
}
