import { z } from 'zod'
import { allColumns, defineOperation, type Relation } from '../../contracts/curation.ts'

const keys = z.array(z.string()).min(1)
const extreme = z.union([
  z.strictObject({ largest: z.string() }).meta({ description: 'the row with the largest value of this column' }),
  z.strictObject({ smallest: z.string() }),
])
const config = z.union([
  z.literal('all').meta({ description: 'rows that are equal in every column' }),
  keys,
  z.strictObject({ by: keys, keep: z.union([z.enum(['first', 'last']), extreme]).default('first') }),
])
type Config = z.infer<typeof config>

/** So many rows that go are named one by one; more are found again in every pass. */
const mostNamed = 100_000
/** Rows whose hashes are looked at together: some hundred megabytes, however many rows there are in all. */
const mostAtOnce = 2 ** 24

export default defineOperation({
  kind: 'deduplicate',
  title: 'Of rows with the same values in these columns keep one; the others are removed and counted',
  config,
  statistics: (_config, relation) => ({ rows: `countIf(${relation.live})` }),
  queries: (config, relation, { rows }) => ({
    repeated: repeated(config, relation, Number(rows)).map(
      (sql) => `SELECT groupArray(${mostNamed + 1})(toString(__row)) AS value FROM (${sql})`,
    ),
  }),
  compile(config, relation, { repeated: found, rows: count }) {
    const named = found as string[]
    const rows =
      named.length > mostNamed ? repeated(config, relation, Number(count)).join(' UNION ALL ') : named.join(', ')
    return {
      columns: allColumns(relation),
      verdicts:
        named.length === 0
          ? []
          : [
              {
                when: `${relation.live} AND ${relation.position} IN (${rows})`,
                action: 'remove',
                reason:
                  config === 'all' ? 'the same row again' : `the same ${columnsOf(config, relation).join(', ')} again`,
              },
            ],
    }
  },
})

const columnsOf = (config: Config, relation: Relation) =>
  config === 'all' ? relation.columns.map(({ name }) => name) : Array.isArray(config) ? config : config.by

/**
 * Positions of the rows that go, in as many queries as `count` rows need. Few rows are repeated, so these are found by a
 * hash first and only they are sorted.
 */
function repeated(config: Config, relation: Relation, count: number): string[] {
  const columns = columnsOf(config, relation).map((name) => relation.column(name).sql)
  const keep = typeof config === 'object' && !Array.isArray(config) ? config.keep : 'first'
  const order =
    keep === 'first'
      ? relation.position
      : keep === 'last'
        ? `${relation.position} DESC`
        : 'largest' in keep
          ? `${relation.column(keep.largest).sql} DESC NULLS LAST, ${relation.position}`
          : `${relation.column(keep.smallest).sql} ASC NULLS LAST, ${relation.position}`
  // a short hash is quick to sort by; whom it takes for equal is looked at again
  const hash = `toUInt32(cityHash64(${columns.map((sql) => `tuple(${sql})`).join(', ')}))`
  const slices = Math.max(1, Math.ceil(count / mostAtOnce))
  return Array.from({ length: slices }, (_, slice) => {
    const rows = `${relation.rows} AS p WHERE ${relation.live}${slices === 1 ? '' : ` AND ${hash} % ${slices} = ${slice}`}`
    // sorting numbers of four bytes is cheaper than a table of them all
    const sorted = `SELECT arraySort(groupArray(h)) AS z FROM (SELECT ${hash} AS h FROM ${rows}) GROUP BY bitShiftRight(h, 24)`
    const twice = `SELECT arrayJoin(arrayFilter((one, step, i) -> step = 0 AND i > 1, z, arrayDifference(z), arrayEnumerate(z))) FROM (${sorted})`
    const ranked = `SELECT p.__row AS __row, row_number() OVER (PARTITION BY ${columns.join(', ')} ORDER BY ${order}) AS place FROM ${rows} AND ${hash} IN (${twice})`
    return `SELECT __row FROM (${ranked}) WHERE place > 1`
  })
}
