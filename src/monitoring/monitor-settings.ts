import { z } from 'zod'
import { day } from './event-day.ts'
import type { Against } from './windows/view-request.ts'
import { isWindow, isZone, type WindowSpec, windowSpec } from './windows/window-spec.ts'

const share = z.number().gt(0).lt(0.5)
const limit = z.strictObject({ low: z.number().optional(), high: z.number().optional() })

const against = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('training') }),
  z.strictObject({ kind: z.literal('before') }),
  z.strictObject({ kind: z.literal('weekdays'), weeks: z.number().int().min(1).max(12).default(4) }),
  z.strictObject({ kind: z.literal('revision'), revision: z.number().int().min(0) }),
  z.strictObject({
    kind: z.literal('stretch'),
    revision: z.number().int().min(0),
    from: z.number().int().min(0),
    to: z.number().int().min(0),
  }),
])

/**
 * How an endpoint is watched; every field has a default, so that a complete set of monitors exists without any of this.
 * Windows are by event time; without `window` they are `window_days` long, end at midnight UTC and slide by a day.
 */
export const monitorSettings = z
  .strictObject({
    window_days: z.number().int().min(1).max(366).default(7),
    /** instead of days: `12h`, `7d`, `2w` slide; `day`, `week`, `month` are of the calendar of `zone`; `5000rows` counts */
    window: z.string().refine(isWindow, 'is no window as 12h, 7d, week or 5000rows').optional(),
    /** by how much windows of hours, days or weeks slide; a day, or the window's own length when that is shorter */
    step: z
      .string()
      .regex(/^\d{1,4}[hdw]$/, 'is no step as 6h or 1d')
      .optional(),
    zone: z.string().refine(isZone, 'is no time zone as Europe/Zurich').default('UTC'),
    /** what windows are held against */
    against: against.prefault({ kind: 'training' }),
    /** promised chance that 30 days without change raise any alert, over all families */
    false_alarms: z.number().gt(0).lte(1).default(0.2),
    /** promised chance that a window without change violates, by family; its part of `false_alarms` when absent */
    alpha: z.record(z.string(), share).default({}),
    /** families that are not watched */
    off: z.array(z.string()).default([]),
    drift_metric: z
      .strictObject({
        numeric: z.string().default('jensen-shannon'),
        categorical: z.string().default('jensen-shannon'),
        /** of vectors, as embeddings are */
        vector: z.string().default('mean-distance'),
        /** another one for these features */
        by_feature: z.record(z.string(), z.string()).default({}),
      })
      .prefault({}),
    /** features to watch; all when absent */
    features: z.array(z.string()).optional(),
    /** features whose categories are the groups of bias and of performance by segment; the ones of fewest categories when absent */
    segments: z.array(z.string()).optional(),
    /** words for classes of predictions and actuals → the class that they mean, e.g. `{ yes: 1, no: 0, true: 1 }` */
    labels: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
    /** rows below which a window says "too few samples" */
    min_rows: z.number().int().min(1).default(200),
    /** groups with fewer rows are named, and nothing is said of them */
    min_group: z.number().int().min(5).default(30),
    /** neighbouring windows without violation that close an alert */
    healthy_windows: z.number().int().min(1).max(100).default(3),
    /** how long raw rows are kept, by event time; for ever when absent. Profiles and scores stay */
    retention_days: z.number().int().min(1).max(36_500).optional(),
    /** fixed limits by monitor, e.g. `service.latency_p99: { high: 50 }` */
    limits: z.record(z.string(), limit).default({}),
  })
  .prefault({})

export type EndpointMonitorSettings = z.output<typeof monitorSettings>
export type EndpointMonitorSettingsInput = z.input<typeof monitorSettings>

/** What the settings take for a window, and what it is held against. */
export const windowOf = (settings: EndpointMonitorSettings): WindowSpec =>
  settings.window === undefined
    ? { kind: 'rolling', length: settings.window_days * day, step: day }
    : windowSpec(settings.window, {
        zone: settings.zone,
        ...(settings.step === undefined ? {} : { step: settings.step }),
      })

export const againstOf = ({ against }: EndpointMonitorSettings): Against => against
