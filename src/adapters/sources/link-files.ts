import { link, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Links files into a folder, under names that may have folders; hard unless `how` says otherwise. */
export async function linkFiles(
  folder: string,
  files: readonly { name: string; from: string }[],
  how: (from: string, to: string) => Promise<void> = link,
): Promise<void> {
  for (const { name, from } of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await how(from, join(folder, name))
  }
}
