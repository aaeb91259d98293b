import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { KedgeError } from '../errors.ts'

export const manifestFile = 'kedge-backup.json'

export const backupManifest = z.object({
  format: z.literal('kedge-backup'),
  /** of this file's form */
  number: z.literal(1),
  kedge: z.string(),
  /** milliseconds since 1970 at which copying began: everything acknowledged before is in it */
  startedAt: z.number(),
  finishedAt: z.number(),
  journalHead: z.number(),
  /** tables of the events engine that were copied */
  tables: z.array(z.string()),
  /** path in the backup → SHA-256 (hex) and size */
  files: z.record(z.string(), z.object({ digest: z.string(), bytes: z.number() })),
})
export type BackupManifest = z.output<typeof backupManifest>

/** Digest and size of every file below a folder, by path with slashes. */
export async function describeFiles(folder: string): Promise<BackupManifest['files']> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files: BackupManifest['files'] = {}
  for (const entry of entries
    .filter((one) => one.isFile())
    .sort((a, b) => (join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    if (name !== manifestFile) files[name] = await describeFile(path)
  }
  return files
}

async function describeFile(path: string): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk)
      bytes += chunk.length
    }
  })
  return { digest: hash.digest('hex'), bytes }
}

/** Reads a backup's manifest and checks every file against it. Errors: `backup_invalid` with each file that differs. */
export async function checkBackup(folder: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, manifestFile), 'utf8').catch((cause) => {
    throw new KedgeError(
      'backup_invalid',
      { path: folder, what: `it has no ${manifestFile}: it is none, or was not finished` },
      { cause },
    )
  })
  let manifest: BackupManifest
  try {
    manifest = backupManifest.parse(JSON.parse(text))
  } catch (cause) {
    throw new KedgeError(
      'backup_invalid',
      { path: folder, what: `${manifestFile} is not one that this version can read` },
      { cause },
    )
  }
  const found = await describeFiles(folder)
  const places = Object.entries(manifest.files).flatMap(([name, { digest, bytes }]) => {
    const there = found[name]
    if (!there) return [{ where: name, what: 'is missing' }]
    if (there.bytes !== bytes) return [{ where: name, what: `has ${there.bytes} bytes instead of ${bytes}` }]
    return there.digest === digest ? [] : [{ where: name, what: 'has other contents than when it was copied' }]
  })
  if (places.length > 0)
    throw new KedgeError(
      'backup_invalid',
      { path: folder, what: `${places.length} of its files are not as they were` },
      { places },
    )
  return manifest
}
