/** A topic pattern with named levels, `devices/{site}/{device}/temp`, or MQTT's wildcards `+` and, last, `#`. */
export interface TopicPattern {
  /** as MQTT subscribes to it */
  filter: string
  /** names of its levels, in order */
  names: string[]
  /** The values of the named levels; undefined when the topic does not fit. */
  match(topic: string): string[] | undefined
}

const named = /^\{([A-Za-z][A-Za-z0-9_]*)\}$/

/** Reads a pattern. Throws an Error that says what is wrong in it. */
export function topicPattern(pattern: string): TopicPattern {
  const levels = pattern.split('/')
  const rest = levels.at(-1) === '#'
  const fixed = rest ? levels.slice(0, -1) : levels
  for (const level of fixed)
    if (!named.test(level) && level !== '+' && /[+#{}]/.test(level))
      throw new Error(`the level "${level}" of the topic is neither a text, + nor {name}; # stands last`)
  const names = fixed.flatMap((level) => named.exec(level)?.[1] ?? [])
  if (new Set(names).size !== names.length) throw new Error('a name stands twice in the topic')
  return {
    filter: levels.map((level) => (named.test(level) ? '+' : level)).join('/'),
    names,
    match(topic) {
      const parts = topic.split('/')
      if (rest ? parts.length < fixed.length : parts.length !== fixed.length) return undefined
      const found: string[] = []
      for (const [i, level] of fixed.entries()) {
        if (level === '+') continue
        if (named.test(level)) found.push(parts[i]!)
        else if (level !== parts[i]) return undefined
      }
      return found
    },
  }
}
