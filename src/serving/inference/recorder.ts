import type { Spool } from './spool.ts'

export interface Recorder {
  /** Resolves when the lines are in the spool (or were dropped by its policy). All callers of one turn share a write. */
  record(lines: string): Promise<void>
  /** Resolves when nothing waits to be written. */
  flushed(): Promise<void>
}

/** Groups what is recorded in one turn of the event loop into one write. */
export function createRecorder(spool: Pick<Spool, 'append'>): Recorder {
  let pending = ''
  let turn: Promise<void> | undefined
  return {
    record(lines) {
      pending += lines
      turn ??= new Promise((resolve) => {
        setImmediate(() => {
          const text = pending
          pending = ''
          turn = undefined
          spool.append(text)
          resolve()
        })
      })
      return turn
    },
    async flushed() {
      await turn
    },
  }
}
