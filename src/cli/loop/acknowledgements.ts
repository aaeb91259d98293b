import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'

export interface AcknowledgedPrediction {
  id: string
  revision: number
  score: number
}

/**
 * What the server has acknowledged to this client: a file beside nothing of the server's, one line an answer, so that a
 * client that is killed knows what it need not repeat, and a test knows what must be there.
 */
export interface Acknowledgements {
  readonly predictions: ReadonlyMap<string, AcknowledgedPrediction>
  readonly actuals: ReadonlySet<string>
  predicted(answers: readonly AcknowledgedPrediction[]): void
  told(ids: readonly string[]): void
}

type Line = { p: [id: string, revision: number, score: number][] } | { a: string[] }

/** Reads what an earlier process has noted in the file and goes on in it; a torn last line counts as not acknowledged. */
export function openAcknowledgements(path: string): Acknowledgements {
  const predictions = new Map<string, AcknowledgedPrediction>()
  const actuals = new Set<string>()
  const take = (line: Line) => {
    if ('p' in line) for (const [id, revision, score] of line.p) predictions.set(id, { id, revision, score })
    else for (const id of line.a) actuals.add(id)
  }
  const write = (line: Line) => {
    take(line)
    appendFileSync(path, `${JSON.stringify(line)}\n`)
  }
  mkdirSync(dirname(path), { recursive: true })
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8')
    const lines = text.split('\n')
    // a line without its end was being written when the client was killed
    const whole = lines.slice(0, -1)
    for (const line of whole) take(JSON.parse(line) as Line)
    if (lines.at(-1) !== '') truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(lines.at(-1)!))
  }
  return {
    predictions,
    actuals,
    predicted: (answers) => write({ p: answers.map(({ id, revision, score }) => [id, revision, score]) }),
    told: (ids) => write({ a: [...ids] }),
  }
}
