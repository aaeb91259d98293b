import { KedgeError } from '../../errors.ts'

const reserved = /^__/

/** Refuses columns that would have no name of their own. `where` names the step. Errors: `invalid_input`. */
export function checkNames(names: string[], where: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw new KedgeError('invalid_input', { what: `${where}: two columns would be named ${name}` })
    seen.add(name)
    if (reserved.test(name))
      throw new KedgeError('invalid_input', {
        what: `${where}: a column cannot be named ${name}; names that begin with __ are Kedge's own`,
      })
  }
  if (names.length === 0) throw new KedgeError('invalid_input', { what: `${where}: no column would be left` })
}
