import { z } from 'zod'
import { capacity } from '../../../serving/capacity.ts'
import { watchedRequest } from '../../../serving/watched-request.ts'

/** Times are milliseconds since 1970, durations milliseconds. */
const time = z.number().int()

export const measuredCapacity = capacity.extend({ measuredAt: time })
export const capacityList = z.object({ items: z.array(measuredCapacity) })

const reportedRequest = watchedRequest.extend({
  /** the inference process that answered it */
  node: z.string(),
})

/** Requests that inference processes noticed. */
export const requestsAnswer = z.object({
  /** slowest first, of the last quarter of an hour */
  slow: z.array(reportedRequest),
  /** newest first */
  failed: z.array(reportedRequest),
})

export const servingNodes = z.object({
  items: z.array(
    z.object({
      node: z.string(),
      /** of the process, in bytes */
      memory: z.number(),
      /** when it reported last */
      at: time,
      http: z.string().nullable(),
      grpc: z.string().nullable(),
    }),
  ),
})
