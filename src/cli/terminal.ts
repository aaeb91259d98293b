import { stripVTControlCharacters } from 'node:util'
import type { KedgeError } from '../errors.ts'

export interface TerminalStreams {
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number }
  stderr: { write(text: string): unknown; isTTY?: boolean }
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold'
const codes: Record<Colour, [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  dim: [2, 22],
  bold: [1, 22],
}

export interface Terminal {
  /** Whether answers are JSON. */
  json: boolean
  /** A result: on stdout. */
  print(text: string): void
  /** A result: the value as JSON with --json, else what `text` makes of it. */
  answer(value: unknown, text: () => string): void
  /** Rows with aligned columns; numbers to the right. */
  table(columns: string[], rows: (string | number | null | undefined)[][]): string
  colour(colour: Colour, text: string): string
  /** What is going on: on stderr. */
  progress(text: string): void
  /** The error for people, or as JSON with --json; on stderr. */
  error(error: KedgeError): void
}

/** Text of others (names, messages) must not steer the terminal. */
const plain = (text: string) =>
  [...stripVTControlCharacters(text)].filter((c) => c === '\n' || c === '\t' || c >= ' ').join('')

/** What a command says, for people or with `json` for programs; colours only on a terminal that wants them. */
export function createTerminal(
  streams: TerminalStreams,
  options: { json: boolean; environment: Record<string, string | undefined> },
): Terminal {
  const colours = (stream: { isTTY?: boolean }) =>
    stream.isTTY === true && !options.environment.NO_COLOR && options.environment.TERM !== 'dumb'
  const paint = (on: boolean, colour: Colour, text: string) =>
    on ? `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m` : text
  const width = (text: string) => [...stripVTControlCharacters(text)].length

  const terminal: Terminal = {
    json: options.json,
    print: (text) => void streams.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    answer(value, text) {
      terminal.print(options.json ? JSON.stringify(value) : text())
    },
    table(columns, rows) {
      const cells = rows.map((row) =>
        row.map((cell) => (cell === null || cell === undefined ? '–' : typeof cell === 'number' ? String(cell) : cell)),
      )
      const right = columns.map(
        (_, i) =>
          rows.length > 0 && rows.every((row) => row[i] === null || row[i] === undefined || typeof row[i] === 'number'),
      )
      const widths = columns.map((name, i) => Math.max(width(name), ...cells.map((row) => width(row[i] ?? ''))))
      const line = (row: string[]) =>
        row
          .map((cell, i) => {
            const gap = ' '.repeat(Math.max(0, widths[i]! - width(cell)))
            return right[i] ? gap + cell : cell + gap
          })
          .join('  ')
          .trimEnd()
      return [terminal.colour('dim', line(columns)), ...cells.map(line)].join('\n')
    },
    colour: (colour, text) => paint(colours(streams.stdout), colour, text),
    progress: (text) => void streams.stderr.write(`${text}\n`),
    error(error) {
      if (options.json) {
        streams.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`)
        return
      }
      const on = colours(streams.stderr)
      streams.stderr.write(`${paint(on, 'red', 'error')} ${plain(error.message)}\n`)
      for (const { where, what } of error.places)
        streams.stderr.write(`  ${paint(on, 'bold', plain(where))} ${plain(what)}\n`)
      streams.stderr.write(`${paint(on, 'dim', plain(error.todo))}\n`)
    },
  }
  return terminal
}
