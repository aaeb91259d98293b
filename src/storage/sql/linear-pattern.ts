import { setFlagsFromString } from 'node:v8'

// V8's second engine takes time in proportion to the text, whatever the pattern: one that comes from outside cannot hold
// the process up. It refuses what cannot be had that way (references back, looking around, counted repetition).
setFlagsFromString('--enable-experimental-regexp-engine')

const known = new Map<string, RegExp>()

/** A pattern of a caller, compiled once. Errors: `SyntaxError` for what is no pattern or takes more than linear time. */
export function linearPattern(pattern: string): RegExp {
  let compiled = known.get(pattern)
  if (!compiled) {
    compiled = new RegExp(pattern, 'l')
    if (known.size >= 100) known.clear()
    known.set(pattern, compiled)
  }
  return compiled
}
