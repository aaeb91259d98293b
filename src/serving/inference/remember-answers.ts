import { createHash } from 'node:crypto'
import { KedgeError } from '../../errors.ts'

type MayPredict = (
  authorization: string | undefined,
  project: string,
  permission?: 'predict' | 'serving.write',
) => Promise<boolean>

const fresh = 30_000
const most = 10_000

/** Asks control once a while for each token, and goes by the last answer while control is away. Tokens are kept as hashes. */
export function rememberAnswers(ask: MayPredict, clock: () => number): MayPredict {
  const answers = new Map<string, { allowed: boolean; at: number }>()
  return async (authorization, project, permission = 'predict') => {
    if (authorization === undefined) return false
    const key = createHash('sha256').update(`${permission}\0${project}\0${authorization}`).digest('base64')
    const known = answers.get(key)
    if (known && clock() - known.at < fresh) return known.allowed
    try {
      const allowed = await ask(authorization, project, permission)
      answers.delete(key)
      if (answers.size >= most) answers.delete(answers.keys().next().value!)
      answers.set(key, { allowed, at: clock() })
      return allowed
    } catch (error) {
      if (known) return known.allowed
      throw new KedgeError(
        'unavailable',
        { what: 'The token cannot be checked while control is away' },
        { cause: error },
      )
    }
  }
}
