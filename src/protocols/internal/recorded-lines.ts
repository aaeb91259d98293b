import { KedgeError } from '../../errors.ts'

/** A prediction as an inference process records it, without the endpoint. */
export interface RecordedLine {
  id: string
  time: number
  receivedAt: number
  revision: number
  shadow: boolean
  caller: string
  latencyUs: number
  features: Record<string, number | string | null>
  score: number | null
  label: string
}

/** Lines of NDJSON by endpoint, in their order. Errors: `invalid_input` naming the line. */
export function groupRecordedLines(lines: Buffer): { project: string; endpoint: string; rows: RecordedLine[] }[] {
  const groups = new Map<string, { project: string; endpoint: string; rows: RecordedLine[] }>()
  let number = 0
  for (const line of lines.toString('utf8').split('\n')) {
    number++
    if (line === '') continue
    let parsed: RecordedLine & { project: string; endpoint: string }
    try {
      parsed = JSON.parse(line)
    } catch (cause) {
      throw new KedgeError('invalid_input', { what: `Line ${number} is not JSON` }, { cause })
    }
    const { project, endpoint, ...row } = parsed
    const key = `${project}/${endpoint}`
    const group = groups.get(key)
    if (group) group.rows.push(row)
    else groups.set(key, { project, endpoint, rows: [row] })
  }
  return [...groups.values()]
}
