const firstPause = 250
const longestPause = 30_000

export interface Reconnect {
  /** The peer has taken us: the next loss is the first again. */
  succeeded(): void
  /** Connects once more, after a pause that doubles with each failure in a row. */
  later(): void
  stop(): void
}

/** When a stream that was lost is tried again; `spread` takes up to that share off each pause, so that many do not come at once. */
export function createReconnect(connect: () => void, spread = 0): Reconnect {
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  return {
    succeeded() {
      failures = 0
    },
    later() {
      const pause = Math.min(firstPause * 2 ** failures, longestPause)
      failures = Math.min(failures + 1, 10)
      timer = setTimeout(connect, pause * (1 - spread * Math.random()))
    },
    stop() {
      clearTimeout(timer)
    },
  }
}
