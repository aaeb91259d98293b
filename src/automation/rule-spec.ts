import { Cron } from 'croner'
import { z } from 'zod'
import { partName } from '../pipelines/pipeline-spec.ts'
import { duration } from '../pipelines/quantity.ts'

const isCron = (text: string) => {
  try {
    new Cron(text)
    return true
  } catch {
    return false
  }
}

const isTimeZone = (name: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The schema of one entry of `automation` in kedge.yaml. */
export const ruleSpec = z
  .strictObject({
    name: partName.optional().meta({ description: 'made of `on` and `do` when absent' }),
    on: z.enum(['drift.detected', 'alert.opened', 'schedule', 'dataset_version.published']).meta({
      description: 'drift.detected: an alert of a drift or performance monitor was opened',
    }),
    endpoint: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'only for alerts: of this endpoint; of any when absent' }),
    dataset: partName.optional().meta({ description: 'only for dataset_version.published' }),
    cron: z.string().refine(isCron, 'is not a cron expression such as 0 3 * * 1').optional(),
    timezone: z.string().refine(isTimeZone, 'is no time zone such as Europe/Berlin').optional(),
    do: z
      .string()
      .regex(/^run [a-z][a-z0-9_-]{0,62}$/, 'is `run` and the name of a pipeline')
      .meta({ description: 'run PIPELINE' }),
    params: z.record(partName, z.union([z.string(), z.number(), z.boolean()])).default({}),
    cooldown: duration.default(0).meta({
      description: 'least time between two firings: of event time for alerts, of the clock for the others',
    }),
    maxFailures: z.number().int().min(1).max(100).default(3).meta({
      description:
        'after so many retrainings in a row that failed or did not pass their gate, the rule stops and calls a person',
    }),
    enabled: z.boolean().default(true),
  })
  .superRefine((rule, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const onAlert = rule.on === 'drift.detected' || rule.on === 'alert.opened'
    if (rule.on === 'schedule' && rule.cron === undefined)
      complain('cron', 'is needed for a schedule, for example "0 3 * * 1"')
    if (rule.on !== 'schedule' && rule.cron !== undefined) complain('cron', `does not belong to ${rule.on}`)
    if (rule.on !== 'schedule' && rule.timezone !== undefined) complain('timezone', `does not belong to ${rule.on}`)
    if (!onAlert && rule.endpoint !== undefined) complain('endpoint', `does not belong to ${rule.on}`)
    if (rule.on !== 'dataset_version.published' && rule.dataset !== undefined)
      complain('dataset', `does not belong to ${rule.on}`)
  })
  .meta({ id: 'Rule' })

export type RuleSpec = z.output<typeof ruleSpec>

/** The name of a rule, its own or one made of what it does. */
export const ruleName = (spec: RuleSpec): string =>
  spec.name ??
  [spec.on, spec.endpoint ?? spec.dataset, spec.do]
    .filter(Boolean)
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .slice(0, 63)
