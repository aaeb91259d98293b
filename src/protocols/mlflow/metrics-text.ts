import type { Points } from '../../tracking/packed-points.ts'

const notNumber = '"NaN"'

/**
 * MLflow's list of metrics as JSON: points are many, and making objects of them first would take most of the time. A
 * stored infinity stands for NaN.
 */
export function metricsText(key: string, parts: readonly { points: Points; runId?: string }[]): string {
  const start = `{"key":${JSON.stringify(key)},"value":`
  let text = ''
  for (const { points, runId } of parts) {
    const { steps, times, values } = points
    const end = runId === undefined ? '}' : `,"run_id":${JSON.stringify(runId)}}`
    for (let i = 0; i < steps.length; i++) {
      const value = values[i]!
      text += `${text === '' ? '' : ','}${start}${value === Number.POSITIVE_INFINITY ? notNumber : value},"timestamp":${times[i]},"step":${steps[i]}${end}`
    }
  }
  return `[${text}]`
}
