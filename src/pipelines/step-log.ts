import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import { KedgeError } from '../errors.ts'

export interface LogWriter {
  /** Never throws: a full disk is kept as `failure`. */
  write(chunk: Buffer | string): void
  readonly failure: unknown
  close(): void
}

export interface LogPiece {
  /** of the first byte after the piece: where the next begins */
  offset: number
  text: string
}

/** Logs of steps as files, so that they can be read while they are written and after a crash. */
export function createStepLogs(folder: string) {
  const pathOf = (run: number, step: string) => join(folder, String(run), `${step}.log`)

  async function readPiece(path: string, offset: number, limit: number): Promise<Buffer> {
    const file = await open(path, 'r').catch(() => undefined)
    if (!file) return Buffer.alloc(0)
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(limit), 0, limit, offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  return {
    pathOf,
    /** Goes on where an earlier try has stopped. */
    write(run: number, step: string): LogWriter {
      const path = pathOf(run, step)
      let failure: unknown
      let file: number | undefined
      try {
        mkdirSync(dirname(path), { recursive: true })
        file = openSync(path, 'a')
      } catch (error) {
        failure = error
      }
      return {
        write(chunk) {
          if (failure || file === undefined) return
          try {
            const bytes = Buffer.from(chunk)
            for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
          } catch (error) {
            failure = error
          }
        },
        get failure() {
          return failure
        },
        close: () => (file === undefined ? undefined : closeSync(file)),
      }
    },
    /** Bytes as they are; empty when there is no log on this machine. */
    read: (run: number, step: string): Promise<Buffer> => readFile(pathOf(run, step)).catch(() => Buffer.alloc(0)),
    size: (run: number, step: string): Promise<number> =>
      stat(pathOf(run, step)).then(
        (info) => info.size,
        () => 0,
      ),
    /** Pieces as they are written, until `ended` says that no more will come and all has been read. */
    async *follow(
      run: number,
      step: string,
      from: number,
      ended: () => Promise<boolean>,
      signal: AbortSignal,
    ): AsyncGenerator<LogPiece> {
      const decoder = new StringDecoder('utf8')
      const path = pathOf(run, step)
      let offset = from
      while (!signal.aborted) {
        // asked before reading: what was written before the end is read after it
        const last = await ended()
        for (;;) {
          const bytes = await readPiece(path, offset, 64 * 1024)
          if (bytes.length === 0) break
          offset += bytes.length
          const text = decoder.write(bytes)
          if (text !== '') yield { offset, text }
          if (signal.aborted) return
        }
        if (last) return
        await pause(120, undefined, { signal }).catch(() => {})
      }
    },
  }
}

export type StepLogs = ReturnType<typeof createStepLogs>

/** A log that cannot be written ends its step: what it printed would be lost. */
export function throwLogFailure(log: LogWriter): void {
  if (!log.failure) return
  const full = (log.failure as { code?: string }).code === 'ENOSPC'
  throw full ? new KedgeError('disk_full', { path: 'the logs' }, { cause: log.failure }) : log.failure
}
