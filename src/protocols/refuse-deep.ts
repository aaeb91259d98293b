import { KedgeError } from '../errors.ts'

const deepest = 500

/** No request is more than a few levels deep; whatever walks one without end runs out of stack. Errors: `invalid_input`. */
export function refuseDeep(value: unknown): void {
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
