import type { Column, ModelDescription } from '../../contracts/model-runtime.ts'

export interface RecordedRow {
  id: string
  /** event time, milliseconds since 1970 */
  time: number
  receivedAt: number
  latencyUs: number
  score: number
  label: string
}

/** One recorded prediction as a line of JSON with its line feed: the fields of RecordedPrediction with project and endpoint. */
export type EncodeLine = (row: RecordedRow, columns: readonly Column[], at: number) => string

/** Encodes by hand what is the same for all rows of a revision once: recording must cost next to nothing. */
export function createLineEncoder(
  origin: { project: string; endpoint: string; revision: number; shadow: boolean; caller: string },
  description: ModelDescription | undefined,
): EncodeLine {
  const { project, endpoint, revision, shadow, caller } = origin
  const head = `${JSON.stringify({ project, endpoint, revision, shadow, caller }).slice(0, -1)},"id":`
  const plan = (description?.features ?? []).map((feature, i) => ({
    key: `${i === 0 ? '' : ','}${JSON.stringify(feature.name)}:`,
    number: feature.type === 'number',
  }))
  return (row, columns, at) => {
    let features = ''
    for (let i = 0; i < plan.length; i++) {
      const { key, number } = plan[i]!
      const value = columns[i]![at]!
      features +=
        key +
        (number ? (Number.isFinite(value as number) ? value : 'null') : value === '' ? 'null' : JSON.stringify(value))
    }
    const score = Number.isFinite(row.score) ? row.score : 'null'
    return `${head}${JSON.stringify(row.id)},"time":${row.time},"receivedAt":${row.receivedAt},"latencyUs":${row.latencyUs},"score":${score},"label":${JSON.stringify(row.label)},"features":{${features}}}\n`
  }
}
