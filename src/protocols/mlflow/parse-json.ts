import { KedgeError } from '../../errors.ts'
import { refuseDeep } from '../refuse-deep.ts'

const constants: Record<string, string> = { NaN: '"NaN"', Infinity: '"Infinity"', '-Infinity': '"-Infinity"' }

/** JSON as Python writes it: the bare words NaN and Infinity become MLflow's texts for them. Errors: `invalid_input`. */
export function parseJson(text: string): unknown {
  const value = read(text)
  refuseDeep(value)
  return value
}

function read(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    if (/NaN|Infinity/.test(text)) {
      const mended = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) => constants[found] ?? found)
      try {
        return JSON.parse(mended)
      } catch {
        // the first error says where
      }
    }
    throw new KedgeError(
      'invalid_input',
      { what: `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}` },
      { cause: error },
    )
  }
}
