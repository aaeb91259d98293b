import type { Points } from '../../tracking/packed-points.ts'

const notNumber = '"NaN"'
/** points that are made bytes at a time: a text of all of them would stay in memory long after it was sent */
const piece = 2000

/**
 * MLflow's list of metrics as JSON between two texts: points are many, and making objects of them first would take most
 * of the time. A stored infinity stands for NaN.
 */
export function metricsJson(
  before: string,
  key: string,
  parts: readonly { points: Points; runId?: string }[],
  after: string,
): Buffer {
  const start = `{"key":${JSON.stringify(key)},"value":`
  const pieces: Buffer[] = []
  let text = `${before}[`
  let comma = ''
  for (const { points, runId } of parts) {
    const { steps, times, values } = points
    const end = runId === undefined ? '}' : `,"run_id":${JSON.stringify(runId)}}`
    for (let i = 0; i < steps.length; i++) {
      const value = values[i]!
      text += `${comma}${start}${value === Number.POSITIVE_INFINITY ? notNumber : value},"timestamp":${times[i]},"step":${steps[i]}${end}`
      comma = ','
      if (i % piece === piece - 1) {
        pieces.push(Buffer.from(text))
        text = ''
      }
    }
  }
  pieces.push(Buffer.from(`${text}]${after}`))
  return Buffer.concat(pieces)
}
