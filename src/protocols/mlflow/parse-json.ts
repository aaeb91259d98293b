import { KedgeError } from '../../errors.ts'

const deepest = 500
const constants: Record<string, string> = { NaN: '"NaN"', Infinity: '"Infinity"', '-Infinity': '"-Infinity"' }

/** JSON as Python writes it: the bare words NaN and Infinity become MLflow's texts for them. Errors: `invalid_input`. */
export function parseJson(text: string): unknown {
  const value = read(text)
  refuseDeep(value)
  return value
}

/** MLflow's requests are a few levels deep; whatever walks one that is endless runs out of stack. */
function refuseDeep(value: unknown) {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest)
      throw new KedgeError('invalid_input', { what: `The body is nested more than ${deepest} levels deep` })
    const next: unknown[] = []
    for (const one of level)
      if (typeof one === 'object' && one !== null)
        for (const inner of Array.isArray(one) ? one : Object.values(one))
          if (typeof inner === 'object' && inner !== null) next.push(inner)
    level = next
  }
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
