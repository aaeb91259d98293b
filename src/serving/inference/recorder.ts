import type { Spool } from './spool.ts'

export interface Recorder {
  /**
   * Resolves when the records, of `rows` predictions, are in the spool, or with false when they are not because it is full. All callers of one turn
   * share a write, those who would rather refuse the prediction than lose its record another.
   */
  record(records: readonly Buffer[], rows: number, whenFull?: 'answer' | 'refuse'): Promise<boolean>
  /** Resolves when nothing waits to be written. */
  flushed(): Promise<void>
}

/** Groups what is recorded in one turn of the event loop into one write. */
export function createRecorder(spool: Pick<Spool, 'append'>): Recorder {
  function queue(whenFull: 'answer' | 'refuse') {
    let pending: Buffer[] = []
    let waiting = 0
    let turn: Promise<boolean> | undefined
    return {
      add(records: readonly Buffer[], rows: number) {
        for (const record of records) pending.push(record)
        waiting += rows
        turn ??= new Promise((resolve) => {
          setImmediate(() => {
            const [all, count] = [pending, waiting]
            pending = []
            waiting = 0
            turn = undefined
            resolve(spool.append(all, count, whenFull))
          })
        })
        return turn
      },
      flushed: () => turn,
    }
  }
  const queues = { answer: queue('answer'), refuse: queue('refuse') }
  return {
    record: (records, rows, whenFull = 'answer') => queues[whenFull].add(records, rows),
    async flushed() {
      await Promise.all([queues.answer.flushed(), queues.refuse.flushed()])
    },
  }
}
