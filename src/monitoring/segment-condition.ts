import { segmentConditions } from '../statistics/segment-name.ts'

interface Condition {
  feature: string
  is: string
  /** of a number: in (above, upTo]; absent where the name says no range */
  range?: { above: number; upTo: number }
}

const number = String.raw`([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)`
const forms: [RegExp, (found: string[]) => [above: number, upTo: number]][] = [
  [new RegExp(`^≤ ${number}$`, 'i'), ([, upTo]) => [-Infinity, Number(upTo)]],
  [new RegExp(`^> ${number}$`, 'i'), ([, above]) => [Number(above), Infinity]],
  [new RegExp(`^${number} to ${number}$`, 'i'), ([, above, upTo]) => [Number(above), Number(upTo)]],
]

/** A segment's conditions as its name has them: categories (`city=Chur`), ranges as a search names them (`age=≤ 42`, `age=> 42`, `age=35 to 42`), `age=missing`. */
function conditionsOf(segment: string): Condition[] {
  return segmentConditions(segment).map(({ feature, is }) => {
    for (const [form, of] of forms) {
      const found = form.exec(is)
      if (!found) continue
      const [above, upTo] = of(found)
      return { feature, is, range: { above, upTo } }
    }
    return { feature, is }
  })
}

/** Whether a row belongs to a segment; to the empty one every row does. */
export function segmentTest(
  segment: string,
): (row: { numbers: Readonly<Record<string, number>>; texts: Readonly<Record<string, string>> }) => boolean {
  if (segment === '') return () => true
  const conditions = conditionsOf(segment)
  return ({ numbers, texts }) =>
    conditions.every(({ feature, is, range }) => {
      const text = Object.hasOwn(texts, feature) ? texts[feature] : undefined
      const value = Object.hasOwn(numbers, feature) ? numbers[feature] : undefined
      if (text !== undefined) return text === is
      if (value === undefined) return is === 'missing'
      return range ? value > range.above && value <= range.upTo : String(value) === is
    })
}

/** The same over columns `numbers` and `texts`, with the parameters that it names. */
export function segmentSql(segment: string): { sql: string; params: Record<string, unknown> } {
  if (segment === '') return { sql: '1', params: {} }
  const params: Record<string, unknown> = {}
  const sql = conditionsOf(segment).map(({ feature, is, range }, i) => {
    params[`segment_feature_${i}`] = feature
    params[`segment_is_${i}`] = is
    const [name, wanted] = [`{segment_feature_${i}:String}`, `{segment_is_${i}:String}`]
    const bounds: string[] = []
    if (range) {
      if (Number.isFinite(range.above)) {
        params[`segment_above_${i}`] = range.above
        bounds.push(`numbers[${name}] > {segment_above_${i}:Float64}`)
      }
      if (Number.isFinite(range.upTo)) {
        params[`segment_up_to_${i}`] = range.upTo
        bounds.push(`numbers[${name}] <= {segment_up_to_${i}:Float64}`)
      }
    }
    const ofNumber = range ? bounds.join(' AND ') : `toString(numbers[${name}]) = ${wanted}`
    return `multiIf(mapContains(texts, ${name}), texts[${name}] = ${wanted}, mapContains(numbers, ${name}), ${ofNumber}, ${wanted} = 'missing')`
  })
  return { sql: sql.join(' AND '), params }
}
