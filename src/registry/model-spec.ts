import { z } from 'zod'

/** Metrics a gate can compare, and in which direction each is better. */
export const gateMetrics = {
  auc: 'higher',
  accuracy: 'higher',
  log_loss: 'lower',
  brier: 'lower',
  mae: 'lower',
  rmse: 'lower',
} as const

export type GateMetric = keyof typeof gateMetrics

const bar = z.union([z.number(), z.literal('champion')])

export const gateRule = z
  .object({
    metric: z.enum(Object.keys(gateMetrics) as [GateMetric, ...GateMetric[]]),
    at_least: bar.optional().describe('a number, or champion: the value of the current champion on the same rows'),
    at_most: bar.optional().describe('a number, or champion'),
    margin: z.number().min(0).default(0).describe('by how much the bar may be missed'),
    confidence: z
      .number()
      .gt(0.5)
      .lt(1)
      .optional()
      .describe('when given, the whole confidence interval must be on the right side of the bar, not only the value'),
  })
  .strict()
  .refine((rule) => (rule.at_least === undefined) !== (rule.at_most === undefined), 'say either at_least or at_most')

export const modelSpec = z
  .object({
    description: z.string().optional(),
    gate: z.array(gateRule).optional().describe('rules that a new version must meet on held-out rows; all of them'),
  })
  .strict()

export type GateRule = z.output<typeof gateRule>
export type ModelSpec = z.output<typeof modelSpec>

/** What decides when nothing is declared: not worse than the champion in the loss that training minimises. */
export const defaultGate = (task: 'binary' | 'regression'): GateRule[] => [
  { metric: task === 'binary' ? 'log_loss' : 'mae', at_most: 'champion', margin: 0 },
]
