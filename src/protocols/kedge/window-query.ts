import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { Against, ViewRequest } from '../../monitoring/windows/view-request.ts'
import { windowSpec } from '../../monitoring/windows/window-spec.ts'
import { eventTime, latest } from './event-time.ts'

const whole = z.coerce.number().int().min(0)

/** Which windows are asked for, and what they are held against. */
export const windows = z.object({
  revision: whole.optional().describe('the newest that answered callers when absent'),
  from: eventTime.optional().describe('windows end behind it; the newest 30 windows when absent'),
  to: eventTime.optional(),
  window: z
    .string()
    .optional()
    .describe(
      '7d, 6h, 2w: sliding; day, week, month: of the calendar; 1000rows: by count. Of the monitors when absent',
    ),
  step: z.string().optional().describe('by how much sliding windows slide; a day when absent'),
  zone: z.string().default('UTC').describe('whose calendar, as Europe/Zurich'),
  against: z
    .enum(['training', 'before', 'weekdays', 'stretch', 'revision'])
    .optional()
    .describe(
      'what windows are held against: the model’s reference, the window before, the same weekday of the weeks before, a stretch, another revision',
    ),
  against_revision: whole.optional(),
  against_from: eventTime.optional(),
  against_to: eventTime.optional(),
  against_weeks: z.coerce.number().int().min(1).max(12).default(4),
  segment: z
    .string()
    .max(2000)
    .default('')
    .describe('of these rows alone: `city=Chur`, `age=> 42 & city=Chur`, `age=missing`; all when empty'),
})
type WindowQuery = z.output<typeof windows>

/** Errors: `invalid_input`. */
export function againstOf(query: WindowQuery): Against {
  const { against = 'training', against_revision: revision = query.revision } = query
  if (against === 'weekdays') return { kind: 'weekdays', weeks: query.against_weeks }
  if (against === 'training' || against === 'before') return { kind: against }
  if (revision === undefined)
    throw new KedgeError('invalid_input', { what: `against=${against} needs against_revision or revision` })
  if (against === 'revision') return { kind: 'revision', revision }
  return { kind: 'stretch', revision, from: query.against_from ?? 0, to: query.against_to ?? latest }
}

type Bounded = Pick<ViewRequest, 'revision' | 'from' | 'to'>
export const bounded = ({ revision, from, to }: WindowQuery): Bounded => ({
  ...(revision === undefined ? {} : { revision }),
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

export const specOf = ({ step, zone, window = '7d' }: WindowQuery) =>
  windowSpec(window, { zone, ...(step === undefined ? {} : { step }) })

export const requestOf = (query: WindowQuery): ViewRequest => ({
  ...bounded(query),
  spec: specOf(query),
  against: againstOf(query),
  segment: query.segment,
})
