import { readRecords, textAt } from '../../src/serving/recorded-rows.ts'

/** A recorded prediction as an object, without the endpoint. */
export interface RecordedRow {
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

const finite = (value: number) => (Number.isFinite(value) ? value : null)

/** The rows of an inference process's records by endpoint, in order. */
export function rowsOfRecords(bytes: Buffer): { project: string; endpoint: string; rows: RecordedRow[] }[] {
  const groups = new Map<string, { project: string; endpoint: string; rows: RecordedRow[] }>()
  for (const { origin, count, receivedAt, latencyUs, times, scores, ids, labels, features } of readRecords(bytes)) {
    const { project, endpoint, revision, shadow, caller } = origin
    const key = `${project}/${endpoint}`
    const group = groups.get(key) ?? { project, endpoint, rows: [] }
    groups.set(key, group)
    for (let row = 0; row < count; row++)
      group.rows.push({
        ...{ id: textAt(ids, row), time: times[row]!, receivedAt, revision, shadow, caller, latencyUs },
        ...{ score: finite(scores[row]!), label: textAt(labels, row) },
        features: Object.fromEntries(
          features.map((column, i) => [
            origin.features[i]![0],
            column instanceof Float64Array ? finite(column[row]!) : textAt(column, row) || null,
          ]),
        ),
      })
  }
  return [...groups.values()]
}
