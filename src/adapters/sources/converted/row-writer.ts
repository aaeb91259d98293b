import { closeSync, openSync, writeSync } from 'node:fs'
import { faultKey, foundKey } from './conversion.ts'

export interface RowWriter {
  /** Appends a row; `fault` is what is wrong with it, `found` what was there. */
  row(values: Record<string, string>, fault?: { reason: string; found: string }): void
  close(): void
}

const enough = 2 ** 20

/** Writes rows as JSON Lines. Synchronous: it belongs into a thread. */
export function createRowWriter(path: string): RowWriter {
  const file = openSync(path, 'w')
  let pending = ''
  const flush = () => {
    const bytes = Buffer.from(pending)
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    pending = ''
  }
  return {
    row(values, fault) {
      pending += `${JSON.stringify(fault ? { ...values, [faultKey]: fault.reason, [foundKey]: fault.found } : values)}\n`
      if (pending.length > enough) flush()
    },
    close() {
      try {
        flush()
      } finally {
        closeSync(file)
      }
    },
  }
}
