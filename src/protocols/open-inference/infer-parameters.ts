import { KedgeError } from '../../errors.ts'

/** What a request's `parameters` say of how it is to be treated. */
export interface InferTerms {
  /** event time, milliseconds since 1970 */
  time: number
  /** milliseconds since 1970 after which the answer is of no use */
  deadline: number | undefined
  /** larger goes first */
  priority: number | undefined
}

const latest = 4_102_444_800_000
/** Where Triton's levels have their middle: level 1 goes first, a request without a level goes as this one. */
const middleLevel = 100

const isCount = (value: unknown): value is number | string | bigint =>
  (typeof value === 'number' && value >= 0 && Number.isInteger(value)) ||
  (typeof value === 'string' && /^\d+$/.test(value)) ||
  (typeof value === 'bigint' && value >= 0n)

/**
 * `event_time` (milliseconds since 1970), `timeout` (microseconds) and `priority` (1 goes first) as Triton's clients send
 * them; sequences are refused, because no model here keeps a state between requests. Others are the model's or nobody's.
 */
export function readInferTerms(parameters: Record<string, unknown>, now: number): InferTerms {
  const { event_time, timeout, priority, sequence_id } = parameters
  if (sequence_id !== undefined && sequence_id !== 0 && sequence_id !== '' && sequence_id !== '0')
    throw new KedgeError('unsupported', { what: 'A sequence of requests (sequence_id)' })
  let time = now
  if (event_time !== undefined && event_time !== null) {
    time = Math.round(Number(event_time))
    if (typeof event_time === 'object' || !(time >= 0 && time < latest))
      throw new KedgeError('invalid_input', {
        what: 'parameters.event_time must be milliseconds since 1970, before the year 2100',
      })
  }
  for (const [name, value] of [
    ['timeout', timeout],
    ['priority', priority],
  ] as const)
    if (value !== undefined && value !== null && !isCount(value))
      throw new KedgeError('invalid_input', { what: `parameters.${name} must be a whole number of at least 0` })
  const microseconds = Number(timeout ?? 0)
  const level = Number(priority ?? 0)
  return {
    time,
    deadline: microseconds > 0 ? now + microseconds / 1000 : undefined,
    priority: level > 0 ? middleLevel - level : undefined,
  }
}

/** Errors: `unsupported` where a tensor lies in shared memory, or is to be written there. */
export function refuseSharedMemory(name: string, parameters: Record<string, unknown> | undefined): void {
  if (parameters?.shared_memory_region !== undefined)
    throw new KedgeError('unsupported', { what: `${name}: a tensor in shared memory` })
}
