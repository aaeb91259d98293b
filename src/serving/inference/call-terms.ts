/** How long the model itself was called for an answer, in microseconds, without any waiting for its turn. */
export interface CallTiming {
  /** the calls that the answer came from */
  call: number
  /** their part for this answer's rows, where others were answered with it */
  share: number
}

/** What a caller says of how its call is to be treated; every protocol passes what it has. */
export interface CallTerms {
  /** aborted when the caller has gone: what has not run yet is dropped */
  signal?: AbortSignal | undefined
  /** milliseconds since 1970 after which the answer is of no use */
  deadline?: number | undefined
  /** of two calls that wait, that with the larger number goes first; 0 when absent */
  priority?: number | undefined
  /** where the call's time goes is added here, and how to find what the request may be called where its id is personal */
  spent?: { model: number; id?: (() => string | undefined) | undefined } | undefined
  /** is filled by the line of the model */
  timing?: CallTiming | undefined
}
