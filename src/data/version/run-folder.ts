import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const parent = (dataDirectory: string) => join(dataDirectory, 'tmp', 'data')

/** A folder for the files of one run, which bears the number of this process. */
export const runFolder = (dataDirectory: string): string =>
  join(parent(dataDirectory), `${process.pid}-${randomUUID()}`)

/** Removes what processes that have died left behind; call it before the first run of this process. */
export async function removeAbandonedRuns(dataDirectory: string): Promise<void> {
  const found = await readdir(parent(dataDirectory)).catch(() => [] as string[])
  for (const name of found) {
    const owner = Number(name.split('-')[0])
    if (owner === process.pid || !isAlive(owner))
      await rm(join(parent(dataDirectory), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
