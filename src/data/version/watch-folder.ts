import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Tells how many bytes a folder holds, again and again while they change, until the answer is called. */
export function watchFolder(folder: string, every: number, tell: (bytes: number) => void): () => void {
  let told = 0
  const look = async () => {
    const names = await readdir(folder).catch(() => [])
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(folder, name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
    )
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    if (bytes === told || stopped) return
    told = bytes
    tell(bytes)
  }
  let stopped = false
  const timer = setInterval(() => void look(), every)
  timer.unref()
  return () => {
    stopped = true
    clearInterval(timer)
  }
}
