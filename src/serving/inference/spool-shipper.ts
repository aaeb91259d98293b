import { asKedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ControlClient } from './control-client.ts'
import type { Spool } from './spool.ts'

export interface SpoolShipper {
  /** Sends what is left for at most `patience` milliseconds. */
  stop(patience?: number): Promise<void>
}

const batchBytes = 1024 * 1024
const idle = 200

/** Sends the spool to control in the background, one batch after the other, each until it has arrived. */
export function startSpoolShipper({
  spool,
  control,
  log,
}: {
  spool: Spool
  control: Pick<ControlClient, 'predictions'>
  log: Logger
}): SpoolShipper {
  let stopping = false
  let deadline = Number.POSITIVE_INFINITY
  let wake: (() => void) | undefined
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  /** Returns whether there may be more. */
  async function ship(): Promise<boolean> {
    const batch = await spool.next(batchBytes)
    if (!batch) return false
    try {
      await control.predictions(batch.token, batch.records)
    } catch (error) {
      if (asKedgeError(error).class !== 'invalid') throw error
      log.error(
        { err: error, token: batch.token },
        'control can never take a batch of predictions; it is kept in the spool’s folder rejected',
      )
      await spool.reject()
      return true
    }
    await spool.acknowledge()
    return batch.records.length >= batchBytes / 16
  }

  const loop = (async () => {
    let failures = 0
    for (;;) {
      let more = false
      try {
        more = await ship()
        failures = 0
        if (!more && stopping) return
      } catch (error) {
        if (stopping) return
        if (failures++ === 0) log.warn({ err: error }, 'predictions cannot be sent to control; they wait in the spool')
      }
      if (Date.now() > deadline) return
      if (!more) await pause(failures > 0 ? Math.min(100 * 2 ** failures, 5000) : idle)
    }
  })()

  return {
    async stop(patience = 5000) {
      stopping = true
      deadline = Date.now() + patience
      wake?.()
      await loop
    },
  }
}
