import { z } from 'zod'

/** A request that was slow or failed: never with values that the caller sent. */
export const watchedRequest = z.object({
  /** when it came, milliseconds since 1970 */
  at: z.number(),
  /** the caller's id of it, of the first row where there are several; null on an endpoint that records nothing */
  id: z.string().nullable(),
  /** null where none was chosen before it failed */
  revision: z.number().nullable(),
  rows: z.number(),
  /** milliseconds in the inference process, from when it was read until it was answered */
  total: z.number(),
  /** of those in calls of the model, and in all else: checking, waiting, recording */
  model: z.number(),
  /** null when it was answered */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})

/** What one inference process keeps of an endpoint's requests. */
export const watchedRequests = z.object({
  /** slowest first, of the last quarter of an hour */
  slow: z.array(watchedRequest),
  /** newest first */
  failed: z.array(watchedRequest),
})

export type WatchedRequest = z.output<typeof watchedRequest>
export type WatchedRequests = z.output<typeof watchedRequests>
