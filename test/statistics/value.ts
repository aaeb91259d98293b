import type { Measured } from '../../src/statistics/too-few-samples.ts'

/** The whole of an answer that must be there. */
export function answer<T>(result: Measured<T>): T {
  if (!result.ok) throw new Error(`no value: ${JSON.stringify(result)}`)
  return result
}

/** The number of an answer that must be there. */
export const value = (result: Measured<{ value: number }>): number => answer(result).value
