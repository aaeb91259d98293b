import { z } from 'zod'
import { event } from '../event.ts'

const violated = z.object({
  monitor: z.string(),
  feature: z.string(),
  value: z.number().nullable(),
  thresholdLow: z.number().nullable(),
  thresholdHigh: z.number().nullable(),
  samples: z.number(),
})

export const monitoringEvents = {
  'alert.opened': event(
    'Monitors of one family found a window out of the ordinary',
    z.object({
      alert: z.number(),
      endpoint: z.string(),
      /** quality, drift, performance, bias, service */
      family: z.string(),
      revision: z.number(),
      model: z.string().nullable(),
      version: z.number().nullable(),
      /** event time, milliseconds since 1970; the end is exclusive */
      windowStart: z.number(),
      windowEnd: z.number(),
      violations: z.array(violated),
      /** most likely first */
      causes: z.array(z.object({ kind: z.string(), what: z.string(), weight: z.number(), reason: z.string() })),
    }),
    (subject, data) => [{ thing: subject, source: `endpoint/${data.endpoint}`, relation: 'raised by' }],
  ),
  'alert.closed': event(
    'An alert ended: the next windows were healthy, or a person closed it',
    z.object({
      alert: z.number(),
      endpoint: z.string(),
      family: z.string(),
      by: z.string(),
      reason: z.string(),
      violations: z.number(),
    }),
  ),
  'monitors.changed': event(
    'The settings of an endpoint’s monitors changed',
    z.object({ endpoint: z.string(), before: z.unknown(), after: z.unknown() }),
  ),
  'endpoint.version_logged': event(
    'A version of a model that is served elsewhere was logged for the first time',
    z.object({ endpoint: z.string(), version: z.string(), revision: z.number() }),
  ),
  'endpoint.reference_set': event(
    'Versions of a model that is served elsewhere are compared with other rows',
    z.object({
      endpoint: z.string(),
      /** empty: of all versions without one of their own */
      version: z.string(),
      digest: z.string(),
      rows: z.number(),
      origin: z.union([z.object({ file: z.string() }), z.object({ dataset: z.string(), version: z.number() })]),
    }),
    (subject, data) =>
      'dataset' in data.origin
        ? [
            {
              thing: subject,
              source: `dataset_version/${data.origin.dataset}@${data.origin.version}`,
              relation: 'compared with',
            },
          ]
        : [],
  ),
  'predictions.expired': event(
    'Raw rows of an endpoint were deleted when their retention ended; profiles stay',
    z.object({
      endpoint: z.string(),
      /** event time: rows before it */
      before: z.number(),
      predictions: z.number(),
      days: z.number(),
    }),
  ),
  'predictions.erased': event(
    'A subject’s raw rows were erased, and what was derived from them is computed anew',
    z.object({
      endpoint: z.string(),
      erasure: z.number(),
      by: z.string(),
      reason: z.string(),
      predictions: z.number(),
      actuals: z.number(),
      /** hours that are computed anew */
      corrected: z.number(),
      /** raw rows before it were gone already: profiles of that time may still count the subject */
      uncertainBefore: z.number().nullable(),
    }),
  ),
  'reference.profiled': event(
    'The reference of a model version was profiled',
    z.object({ model: z.string(), version: z.number(), rows: z.number(), days: z.number() }),
  ),
}
