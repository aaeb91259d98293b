import { createHmac } from 'node:crypto'

/** What stands on record for a personal value: the same for the same value of a project, and nothing that leads back to it. */
export type Pseudonyms = (project: string) => (value: string | number) => string

/** pseudonyms that are kept, of each project */
const most = 20_000
const bytes = 16

/**
 * HMAC-SHA-256 of the value under a key of its project, which is derived from `secret` and written nowhere; the first 128
 * bits, after `hash:`. Whoever has the secret can try values out; nobody else can.
 */
export function createPseudonyms(secret: string): Pseudonyms {
  const projects = new Map<string, (value: string | number) => string>()

  function ofProject(project: string) {
    const key = createHmac('sha256', secret).update(`personal columns\0${project}`).digest()
    const known = new Map<string, string>()
    return (value: string | number) => {
      const text = String(value)
      const found = known.get(text)
      if (found !== undefined) return found
      const made = `hash:${createHmac('sha256', key).update(text).digest().subarray(0, bytes).toString('base64url')}`
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(text, made)
      return made
    }
  }

  return (project) => {
    let found = projects.get(project)
    if (!found) {
      found = ofProject(project)
      projects.set(project, found)
    }
    return found
  }
}
