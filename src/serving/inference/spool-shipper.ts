import { asKedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { ControlClient } from './control-client.ts'
import type { Spool } from './spool.ts'
import { threadWait } from './thread-wait.ts'

export interface SpoolShipper {
  /** Sends what is left for at most `patience` milliseconds. */
  stop(patience?: number): Promise<void>
}

const batchBytes = 1024 * 1024
const idle = 200
/** requests that come are let through first: what they leave is sent once none has come for so long, or after so long at most */
const settled = 100
const patience = 1000
/** of the time, what requests may wait for a processor because of what is sent */
const tolerated = 0.05
const longestPause = 5000

/**
 * How long to wait after a batch that took `took` milliseconds, in which requests waited `waited` for a processor: so long that
 * over both they lose no more than what is tolerated. On a machine that has a processor to spare they never wait.
 */
export const givenWay = (took: number, waited: number): number =>
  Math.min(longestPause, Math.max(0, waited / tolerated - took))

/**
 * Sends the spool to control in the background, one batch after the other, each until it has arrived. Requests go first: where
 * control and the stores take their processors, it pauses, as long as the spool is less than `crowded` bytes.
 */
export function startSpoolShipper({
  spool,
  control,
  log,
  crowded = Number.POSITIVE_INFINITY,
  waited = () => threadWait() ?? 0,
}: {
  spool: Spool
  control: Pick<ControlClient, 'predictions'>
  log: Logger
  crowded?: number
  /** milliseconds that this thread has waited for a processor, since it began */
  waited?(): number
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

  /** Waits until no more comes, while there is something and it has not waited too long. */
  async function settle() {
    const until = performance.now() + patience
    for (let before = 0; !stopping && performance.now() < until; ) {
      const { bytes } = spool.status()
      if (bytes === before || bytes >= crowded) return
      before = bytes
      await pause(settled)
    }
  }

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
    let more = false
    for (;;) {
      if (!more && failures === 0) await settle()
      more = false
      const [began, waitedBefore] = [performance.now(), waited()]
      try {
        more = await ship()
        failures = 0
        if (!more && stopping) return
        if (more && !stopping && spool.status().bytes < crowded) {
          const way = givenWay(performance.now() - began, waited() - waitedBefore)
          if (way >= 1) await pause(way)
        }
      } catch (error) {
        if (stopping) return
        if (failures++ === 0) log.warn({ err: error }, 'predictions cannot be sent to control; they wait in the spool')
      }
      if (Date.now() > deadline) return
      if (!more) await pause(failures > 0 ? Math.min(100 * 2 ** failures, 5000) : idle)
    }
  })()

  return {
    async stop(longest = 5000) {
      stopping = true
      deadline = Date.now() + longest
      wake?.()
      await loop
    },
  }
}
