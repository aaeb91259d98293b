import type { Readable } from 'node:stream'

export interface LineLimits {
  /** characters of a line; the rest of it is left out */
  length?: number
  /** lines in each span of time */
  lines?: number
  /** milliseconds */
  span?: number
}

/** Reads a stream to its end and gives its lines, cut and counted, so that whoever prints without end fills no log and no memory. */
export function limitedLines(
  stream: Readable,
  print: (line: string) => void,
  { length = 2000, lines = 200, span = 10_000 }: LineLimits = {},
): void {
  let begun = ''
  let full = false
  let until = 0
  let given = 0
  let left = 0

  const give = (line: string) => {
    const now = performance.now()
    if (now >= until) {
      if (left > 0) print(`… ${left} lines more were left out`)
      until = now + span
      given = 0
      left = 0
    }
    if (given++ < lines) print(line)
    else left++
  }
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => {
    const parts = piece.split('\n')
    for (const [i, part] of parts.entries()) {
      const room = length - begun.length
      begun += part.slice(0, Math.max(0, room))
      if (part.length > room) full = true
      if (i === parts.length - 1) continue
      give(full ? `${begun}…` : begun)
      begun = ''
      full = false
    }
  })
  stream.on('end', () => {
    if (begun !== '') give(full ? `${begun}…` : begun)
    if (left > 0) print(`… ${left} lines more were left out`)
  })
  stream.on('error', () => {})
}
