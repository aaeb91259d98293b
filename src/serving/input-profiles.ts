import type { Logger } from '../log.ts'
import type { InputProfile } from './routing.ts'

export type InputProfileSource = (
  key: { project: string; endpoint: string },
  revision: number,
) => Promise<InputProfile | undefined>

/**
 * The profiles of revisions, read aside: routing never waits for them, and changes when one has come. One that cannot be had
 * is asked for again after a while.
 */
export function createInputProfiles(source: InputProfileSource | undefined, log: Logger) {
  const profiles = new Map<string, InputProfile | undefined>()
  const asked = new Map<string, number>()
  const again = 30_000

  return {
    /** How many have come: another number is another routing. */
    known: () => profiles.size,
    of(
      key: { project: string; endpoint: string },
      revision: { number: number; model: string; version: number },
    ): { profile?: InputProfile } {
      const name = `${key.project}/${key.endpoint}/${revision.number}/${revision.model}/${revision.version}`
      const profile = profiles.get(name)
      const now = performance.now()
      if (source && !profiles.has(name) && !(now - (asked.get(name) ?? Number.NEGATIVE_INFINITY) < again)) {
        asked.set(name, now)
        source(key, revision.number)
          .then((found) => profiles.set(name, found))
          .catch((error) =>
            log.warn({ ...key, err: error }, 'the reference of a revision cannot be read for its inputs'),
          )
      }
      return profile ? { profile } : {}
    },
  }
}
