import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/** what the path of a local socket may have on every system, in bytes */
const longest = 100

/** Where the inference process of a directory waits for a parent; undefined where the path is too long for a local socket. */
function meetingPlace(directory: string): string | undefined {
  const path = join(directory, 'adopt')
  return Buffer.byteLength(path) <= longest ? path : undefined
}

/**
 * Waits for a control process in place of one that died. The first that comes while this process `isOrphan` is its parent
 * until their connection ends; others are turned away.
 */
export function awaitAdoption(
  directory: string,
  { isOrphan, adopted, left }: { isOrphan: () => boolean; adopted: () => void; left: () => void },
): void {
  const path = meetingPlace(directory)
  if (!path) return
  rmSync(path, { force: true })
  let parent: Socket | undefined
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (parent || !isOrphan()) return void socket.destroy()
    parent = socket
    socket.once('close', () => {
      parent = undefined
      left()
    })
    socket.resume()
    socket.write('adopted')
    adopted()
  })
  // without it the next control process asks this one to drain
  server.on('error', () => {})
  server.listen(path)
  server.unref()
}

export interface Adopted {
  /** Resolves when the process has ended. */
  ended: Promise<void>
}

/** Takes the orphan of a directory over; undefined where there is none, it has a parent, or says nothing for `patience` milliseconds. */
export async function adoptOrphan(directory: string, patience: number): Promise<Adopted | undefined> {
  const path = meetingPlace(directory)
  if (!path) return undefined
  const socket = createConnection(path)
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  const late = setTimeout(() => socket.destroy(), patience)
  const taken = once(socket, 'data').then(
    () => true,
    () => false,
  )
  const mine = await Promise.race([taken, ended.then(() => false)])
  clearTimeout(late)
  return mine ? { ended } : undefined
}
