import { KedgeError } from '../../errors.ts'
import { type RecordedExchange, type RecordedLine, rowsOfExchange } from '../../serving/recorded-exchange.ts'

/** Lines of NDJSON by endpoint, in their order. Errors: `invalid_input` naming the line. */
export function groupRecordedLines(lines: Buffer): { project: string; endpoint: string; rows: RecordedLine[] }[] {
  const groups = new Map<string, { project: string; endpoint: string; rows: RecordedLine[] }>()
  let number = 0
  for (const line of lines.toString('utf8').split('\n')) {
    number++
    if (line === '') continue
    let parsed: (RecordedLine & { project: string; endpoint: string }) | RecordedExchange
    try {
      parsed = JSON.parse(line)
    } catch (cause) {
      throw new KedgeError('invalid_input', { what: `Line ${number} is not JSON` }, { cause })
    }
    const { project, endpoint } = parsed
    const key = `${project}/${endpoint}`
    let group = groups.get(key)
    if (!group) {
      group = { project, endpoint, rows: [] }
      groups.set(key, group)
    }
    if ('answer' in parsed) group.rows.push(...rowsOfExchange(parsed))
    else {
      const { project: _project, endpoint: _endpoint, ...row } = parsed
      group.rows.push(row)
    }
  }
  return [...groups.values()]
}
