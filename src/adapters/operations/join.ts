import { z } from 'zod'
import { allColumns, defineOperation, keyOf } from '../../contracts/curation.ts'

/** Copies of a row that its position can tell apart. */
const mostMatches = 4000

export default defineOperation({
  kind: 'join',
  title: 'Add columns of another dataset, found by equal keys in its newest published version',
  config: z.strictObject({
    with: z.string().min(1).meta({ description: 'name of the dataset' }),
    on: z
      .union([z.array(z.string()).min(1), z.record(z.string(), z.string())])
      .meta({ description: 'columns of the same name in both, or own column: column of the other' }),
    columns: z
      .union([z.array(z.string()).min(1), z.record(z.string(), z.string())])
      .optional()
      .meta({ description: 'which of its columns (or its column: new name); all but the keys when absent' }),
    missing: z
      .enum(['keep', 'remove', 'quarantine'])
      .default('keep')
      .meta({ description: 'rows whose key the other has not' }),
    many: z
      .enum(['first', 'quarantine', 'all'])
      .default('quarantine')
      .meta({ description: 'rows whose key it has several times; all: the row is repeated for each' }),
  }),
  datasets: ({ with: other }) => [other],
  queries(config, relation): Record<string, string> {
    if (config.many !== 'all') return {}
    const { sql, keys } = sides(config.with, config.on, relation)
    return {
      matches: `SELECT toUInt64(max(n)) AS value FROM (SELECT count() AS n FROM ${sql} AS o GROUP BY ${keys.map(([, theirs]) => theirs).join(', ')})`,
    }
  },
  compile(config, relation, known) {
    const { sql, keys, columns: others } = sides(config.with, config.on, relation)
    if (config.many === 'all' && Number(known.matches) > mostMatches)
      relation.fail(`a key is ${known.matches} times in ${config.with}, more than ${mostMatches}`, config.with)
    const keyNames = keys.map(([, , name]) => name)
    const wanted = Array.isArray(config.columns)
      ? config.columns.map((name) => [name, name] as const)
      : config.columns
        ? Object.entries(config.columns)
        : others.filter(({ name }) => !keyNames.includes(name)).map(({ name }) => [name, name] as const)
    const taken = wanted.map(([name, as], i) => {
      const found = others.find((one) => one.name === name)
      if (!found) relation.fail(`the dataset ${config.with} has no column ${name}`, name)
      return { name: as, type: found!.type, sql: `o.c${i}`, from: quote(name) }
    })
    const theirs = keys.map(([, one]) => one)
    const right = `(SELECT ${keyOf(theirs)} AS __key, toUInt64(row_number() OVER (PARTITION BY ${theirs.join(', ')} ORDER BY __position)) AS __n, toUInt64(count() OVER (PARTITION BY ${theirs.join(', ')})) AS __matches, ${taken
      .map(({ from }, i) => `${from} AS c${i}`)
      .concat('1 AS __there')
      .join(', ')} FROM ${sql} AS o WHERE ${theirs.map((one) => `${one} IS NOT NULL`).join(' AND ')})`
    const all = config.many === 'all'
    const rows = `(SELECT *, ${keyOf(keys.map(([ours]) => ours.replace(/^p\./, '')))} AS __key FROM ${relation.rows} AS p)`
    const from = `(SELECT p.*, o.* EXCEPT (__key) FROM ${rows} AS p LEFT JOIN (SELECT * FROM ${right}${all ? '' : ' WHERE __n = 1'}) AS o ON p.__key = o.__key${all ? ' WHERE p.__verdict = 0 OR ifNull(o.__n, 1) <= 1' : ''} SETTINGS join_use_nulls = 1) AS p`
    return {
      columns: [
        ...allColumns(relation).filter(({ name }) => !taken.some((one) => one.name === name)),
        ...taken.map(({ name, type }, i) => ({ name, type, sql: `p.c${i}` })),
      ],
      from,
      ...(all ? { copy: 'greatest(ifNull(p.__n, 1), 1) - 1' } : {}),
      verdicts: [
        ...(config.missing === 'keep'
          ? []
          : [
              {
                when: 'p.__there IS NULL',
                action: config.missing === 'remove' ? ('remove' as const) : ('quarantine' as const),
                reason: `${config.with} has no row with its ${keys.map(([, , , name]) => name).join(', ')}`,
                value: keys[0]![0],
              },
            ]),
        ...(config.many === 'quarantine'
          ? [
              {
                when: 'p.__matches > 1',
                action: 'quarantine' as const,
                reason: `${config.with} has several rows with its ${keys.map(([, , , name]) => name).join(', ')}`,
                value: keys[0]![0],
              },
            ]
          : []),
      ],
    }
  },
})

const quote = (name: string) => `o.\`${name.replace(/[\\`]/g, '\\$&')}\``

/** Both sides' keys as [own SQL, their SQL, their name, own name]. */
function sides(dataset: string, on: string[] | Record<string, string>, relation: Parameters<typeof allColumns>[0]) {
  const other = relation.other(dataset)
  const pairs = Array.isArray(on) ? on.map((name) => [name, name] as const) : Object.entries(on)
  const keys = pairs.map(([own, theirs]) => {
    const mine = relation.column(own)
    const found = other.columns.find(({ name }) => name === theirs)
    if (!found) relation.fail(`the dataset ${dataset} has no column ${theirs}`, theirs)
    if (found!.type !== mine.type)
      relation.fail(`${own} is ${mine.type}, but ${theirs} of ${dataset} is ${found!.type}`, own)
    return [mine.sql, quote(theirs), theirs, own] as const
  })
  return { ...other, keys }
}
