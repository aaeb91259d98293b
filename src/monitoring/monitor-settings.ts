import { z } from 'zod'

const share = z.number().gt(0).lt(0.5)
const limit = z.strictObject({ low: z.number().optional(), high: z.number().optional() })

/**
 * How an endpoint is watched; every field has a default, so that a complete set of monitors exists without any of this.
 * Windows are by event time, end at midnight UTC and slide by a day.
 */
export const monitorSettings = z
  .strictObject({
    window_days: z.number().int().min(1).max(366).default(7),
    /** promised chance that a window without change violates, by family */
    alpha: z.record(z.string(), share).default({}),
    /** families that are not watched */
    off: z.array(z.string()).default([]),
    drift_metric: z
      .strictObject({
        numeric: z.string().default('jensen-shannon'),
        categorical: z.string().default('jensen-shannon'),
      })
      .prefault({}),
    /** features to watch; all when absent */
    features: z.array(z.string()).optional(),
    /** features whose categories are the groups of bias and of performance by segment; the ones of fewest categories when absent */
    segments: z.array(z.string()).optional(),
    /** rows below which a window says "too few samples" */
    min_rows: z.number().int().min(1).default(200),
    /** neighbouring windows without violation that close an alert */
    healthy_windows: z.number().int().min(1).max(100).default(3),
    /** fixed limits by monitor, e.g. `service.latency_p99: { high: 50 }` */
    limits: z.record(z.string(), limit).default({}),
  })
  .prefault({})

export type EndpointMonitorSettings = z.output<typeof monitorSettings>
export type EndpointMonitorSettingsInput = z.input<typeof monitorSettings>
