import { createHash } from 'node:crypto'
import { access, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KedgeError } from '../../errors.ts'
import { isSafePath } from '../../storage/blobs/folder.ts'
import type { ControlClient } from './control-client.ts'
import { downloadBlob } from './download-blob.ts'

export interface ModelStore {
  /** The folder of a model, fetched from control unless it is here. Errors: `unavailable`, `not_found`, `model_unloadable`. */
  folder(artifact: string): Promise<string>
  /** Keeps the named models and the latest of the others. */
  prune(keep: ReadonlySet<string>): Promise<void>
}

const keepOthers = 10

/** Model folders on this machine's disk, so that they are there when control is not. */
export function createModelStore(directory: string, control: Pick<ControlClient, 'blob'>): ModelStore {
  const fetching = new Map<string, Promise<string>>()

  async function fetchFolder(artifact: string): Promise<string> {
    const target = join(directory, artifact)
    if (await exists(target)) {
      const now = new Date()
      await utimes(target, now, now)
      return target
    }
    const temporary = join(directory, `.${artifact}-${process.pid}`)
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary, { recursive: true })
    for (const [path, file] of Object.entries(await manifest(artifact))) {
      if (!isSafePath(path)) throw new KedgeError('model_unloadable', { what: `its folder holds the path ${path}` })
      await mkdir(dirname(join(temporary, path)), { recursive: true })
      await downloadBlob(control, file.digest, join(temporary, path))
    }
    await rename(temporary, target)
    return target
  }

  async function manifest(artifact: string): Promise<Record<string, { digest: string }>> {
    const chunks: Buffer[] = []
    for await (const chunk of await control.blob(artifact)) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    if (createHash('sha256').update(bytes).digest('hex') !== artifact)
      throw new KedgeError('unavailable', { what: `The model ${artifact} arrived damaged` })
    try {
      return (JSON.parse(bytes.toString()) as { files: Record<string, { digest: string }> }).files
    } catch (cause) {
      throw new KedgeError('model_unloadable', { what: `${artifact} is no folder` }, { cause })
    }
  }

  return {
    folder(artifact) {
      let found = fetching.get(artifact)
      if (!found) {
        found = fetchFolder(artifact).finally(() => fetching.delete(artifact))
        fetching.set(artifact, found)
      }
      return found
    },
    async prune(keep) {
      await mkdir(directory, { recursive: true })
      const others: { path: string; time: number }[] = []
      for (const entry of await readdir(directory)) {
        if (keep.has(entry)) continue
        const path = join(directory, entry)
        others.push({ path, time: (await stat(path)).mtimeMs })
      }
      others.sort((a, b) => b.time - a.time)
      for (const { path } of others.slice(keepOthers)) await rm(path, { recursive: true, force: true })
    },
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
