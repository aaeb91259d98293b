import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

export interface DerivedFiles {
  /**
   * A folder of files that are a function of `key`: made by `make` when it is not there. It stays for days after its last
   * use; what `make` throws leaves nothing.
   */
  folder(key: string, make: (folder: string) => Promise<void>): Promise<string>
  /** Removes what was not used for long, and what was left half made. */
  sweep(now: number): Promise<void>
}

const keptFor = 3 * 86_400_000
const betweenSweeps = 3_600_000

/** Files made of others, kept below `root` as long as they are used. `key`s are of letters and digits. */
export function createDerivedFiles(root: string, clock: () => number): DerivedFiles {
  const inFlight = new Map<string, Promise<string>>()
  let swept = clock()

  async function find(key: string, make: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(root, key)
    const now = new Date(clock())
    if (
      await utimes(folder, now, now).then(
        () => true,
        () => false,
      )
    )
      return folder
    const made = join(root, `${randomUUID()}.new`)
    await mkdir(made, { recursive: true })
    try {
      await make(made)
      await rename(made, folder).catch(async (error) => {
        // another process was as fast
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    } finally {
      await rm(made, { recursive: true, force: true })
    }
    if (clock() - swept > betweenSweeps) await derived.sweep(clock())
    return folder
  }

  const derived: DerivedFiles = {
    folder(key, make) {
      const running = inFlight.get(key)
      if (running) return running
      const started = find(key, make).finally(() => inFlight.delete(key))
      inFlight.set(key, started)
      return started
    },
    async sweep(now) {
      swept = now
      for (const name of await readdir(root).catch(() => [])) {
        const found = await stat(join(root, name)).catch(() => undefined)
        if (found && now - found.mtimeMs > keptFor) await rm(join(root, name), { recursive: true, force: true })
      }
    },
  }
  return derived
}
