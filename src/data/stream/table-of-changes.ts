import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'

/** columns that say something of a change, not of a row of the table */
const ofChange = ['_operation', '_lsn', '_transaction', '_committed_at', '_unchanged']

interface Landed {
  /** the last snapshot that is whole */
  lsn: string
  whole: string[]
  /** rows up to this sequence are no longer in the table: the snapshot began, or it was emptied */
  after: string
  /** columns of which some update said nothing */
  unchanged: string[]
}

/**
 * What landed of the changes of a table: with `key` its current rows, without it every change. Rows of a snapshot count
 * when all of it has landed. Errors: `conflict` while no snapshot has.
 */
export async function changesTable(
  engine: EventsStore,
  name: string,
  table: SourceTable,
  key: readonly string[] | undefined,
): Promise<SourceTable> {
  const [landed] = await engine.query<Landed>(
    `WITH (SELECT argMaxIf(_lsn, _sequence, _operation = 'end') FROM ${table.sql}) AS last,
       (SELECT maxIf(_sequence, _operation = 'begin' AND _lsn = last) FROM ${table.sql}) AS began
     SELECT ifNull(last, '') AS lsn, groupUniqArrayIf(assumeNotNull(_lsn), _operation = 'end') AS whole,
       toString(greatest(began, maxIf(_sequence, _operation = 'truncate'))) AS after,
       arrayDistinct(arrayFlatten(groupUniqArray(JSONExtract(ifNull(_unchanged, '[]'), 'Array(String)')))) AS unchanged
     FROM ${table.sql}`,
    table.params,
  )
  if (!landed || landed.whole.length === 0)
    throw new KedgeError(
      'conflict',
      { what: `The table of ${name} is still being read for the first time` },
      { todo: 'Wait until all of it has landed; `kedge status` shows how it is.' },
    )
  if (!key) {
    const whole = landed.whole.map(quoteText).join(', ')
    return {
      ...table,
      sql: `(SELECT * FROM ${table.sql} WHERE _operation NOT IN ('begin', 'end') AND (_operation != 'snapshot' OR _lsn IN (${whole})))`,
    }
  }
  const columns = table.columns.filter((column) => !ofChange.includes(column.name))
  const rest = columns.filter((column) => !key.includes(column.name) && column.name !== '_sequence')
  const known = rest.filter((column) => !landed.unchanged.includes(column.name))
  const large = rest.filter((column) => landed.unchanged.includes(column.name))
  const names = (some: readonly { name: string }[]) => some.map((column) => quoteName(column.name))
  const selected = [
    ...key.map(quoteName),
    'max(_sequence) AS __last',
    // a tuple, because the newest value may be NULL
    `argMax(tuple(${['_operation', ...names(known)].join(', ')}), _sequence) AS __row`,
    ...large.map(
      (column, i) =>
        `argMaxIf(tuple(${quoteName(column.name)}), _sequence, position(ifNull(_unchanged, ''), ${quoteText(JSON.stringify(column.name))}) = 0) AS __large${i}`,
    ),
  ]
  const values = [
    ...key.map(quoteName),
    '__last AS `_sequence`',
    ...names(known).map((column, i) => `__row.${i + 2} AS ${column}`),
    ...names(large).map((column, i) => `__large${i}.1 AS ${column}`),
  ]
  const { incremental: _, ...rows } = table
  return {
    ...rows,
    sql: `(SELECT ${values.join(', ')} FROM (SELECT ${selected.join(', ')} FROM ${table.sql}
      WHERE _sequence > ${landed.after} AND (_operation IN ('insert', 'update', 'delete') OR (_operation = 'snapshot' AND _lsn = ${quoteText(landed.lsn)}))
      GROUP BY ${key.map(quoteName).join(', ')}) WHERE __row.1 != 'delete')`,
    columns,
    types: (table.types ?? []).filter(({ name: column }) => !ofChange.includes(column)),
  }
}
