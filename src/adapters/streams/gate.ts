export interface Gate {
  /** What reading waits for; undefined while it may go on. */
  ready(): Promise<void> | undefined
  close(): void
  open(): void
}

/** Keeps whoever reads from a stream waiting while it is paused. */
export function createGate(): Gate {
  let closed: PromiseWithResolvers<void> | undefined
  return {
    ready: () => closed?.promise,
    close() {
      closed ??= Promise.withResolvers()
    },
    open() {
      closed?.resolve()
      closed = undefined
    },
  }
}
