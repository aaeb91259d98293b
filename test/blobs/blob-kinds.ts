import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import directory from '../../src/adapters/blobs/directory.ts'
import s3 from '../../src/adapters/blobs/s3.ts'
import type { BlobStore } from '../../src/contracts/blob-store.ts'
import { startS3 } from '../servers/s3.ts'

export interface OpenedStore {
  blobs: BlobStore
  /** settings by which another process opens the same store */
  settings: { kind: 'directory'; path: string } | Record<string, unknown>
  cacheDirectory: string
  close(): Promise<void>
}

const temporary = () => mkdtempSync(join(tmpdir(), 'kedge-blobs-'))

/** Every kind of blob store, ready to be tested. */
export const blobKinds: { kind: string; open(): Promise<OpenedStore> }[] = [
  {
    kind: 'directory',
    async open() {
      const path = temporary()
      const settings = { kind: 'directory' as const, path }
      const blobs = await directory.open(settings, { cacheDirectory: path })
      return {
        blobs,
        settings,
        cacheDirectory: path,
        close: async () => rmSync(path, { recursive: true, force: true }),
      }
    },
  },
  {
    kind: 's3',
    async open() {
      const server = await startS3()
      const cacheDirectory = temporary()
      const { endpoint, bucket, accessKeyId, secretAccessKey } = server
      const settings = {
        kind: 's3' as const,
        endpoint,
        bucket,
        accessKeyId,
        secretAccessKey,
        prefix: 'models/',
        region: 'us-east-1',
      }
      const blobs = await s3.open(settings, { cacheDirectory })
      return {
        blobs,
        settings,
        cacheDirectory,
        async close() {
          await blobs.close()
          await server.stop()
          rmSync(cacheDirectory, { recursive: true, force: true })
        },
      }
    },
  },
]
