import type { Spool } from './spool.ts'

export interface Recorder {
  /**
   * Resolves when the lines are in the spool, or with false when they are not because it is full. All callers of one turn
   * share a write, those who would rather refuse the prediction than lose its record another.
   */
  record(lines: string, whenFull?: 'answer' | 'refuse'): Promise<boolean>
  /** Resolves when nothing waits to be written. */
  flushed(): Promise<void>
}

/** Groups what is recorded in one turn of the event loop into one write. */
export function createRecorder(spool: Pick<Spool, 'append'>): Recorder {
  function queue(whenFull: 'answer' | 'refuse') {
    let pending = ''
    let turn: Promise<boolean> | undefined
    return {
      add(lines: string) {
        pending += lines
        turn ??= new Promise((resolve) => {
          setImmediate(() => {
            const text = pending
            pending = ''
            turn = undefined
            resolve(spool.append(text, whenFull))
          })
        })
        return turn
      },
      flushed: () => turn,
    }
  }
  const queues = { answer: queue('answer'), refuse: queue('refuse') }
  return {
    record: (lines, whenFull = 'answer') => queues[whenFull].add(lines),
    async flushed() {
      await Promise.all([queues.answer.flushed(), queues.refuse.flushed()])
    },
  }
}
