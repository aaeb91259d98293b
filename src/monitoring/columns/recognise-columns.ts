import type { EventsStore } from '../../storage/events/events-store.ts'
import { numbersIn } from './aspect-source.ts'
import type { ColumnKind } from './column-facts.ts'

/** What the values of a column that holds texts look like. */
interface Look {
  name: string
  rows: number
  distinct: number
  characters: number
  bytes: number
  words: number
  vectors: number
  images: number
}

/** Fewer values tell nothing. */
const LEAST = 20
/** So many show that a column is one of categories. */
const SURE = 200
const MOSTLY = 0.9
/** How images stand on record: `image/png 640×480 …`. */
export const IMAGE = 'image/'

/**
 * What the columns hold of rows that `sql` gives, which have `texts` Map(String, String); those that so few rows tell nothing of
 * are absent, and those that are known.
 */
export async function recogniseColumns(
  events: EventsStore,
  { sql, params }: { sql: string; params: Record<string, unknown> },
  { settle = SURE, known = [] }: { settle?: number; known?: readonly string[] } = {},
): Promise<Map<string, ColumnKind>> {
  const looks = await events.query<Look>(
    `SELECT name, count() AS rows, uniqExact(text) AS distinct, avg(lengthUTF8(text)) AS characters, avg(length(text)) AS bytes,
       avg(length(extractAll(substring(text, 1, 2000), '\\\\S+'))) AS words,
       countIf(startsWith(text, '[') AND length(${numbersIn('text')}) > 1) AS vectors,
       countIf(match(text, '^${IMAGE}[a-z]+ [0-9]+×[0-9]+ ')) AS images
     FROM (SELECT name, text FROM (${sql}) ARRAY JOIN mapKeys(texts) AS name, mapValues(texts) AS text
       WHERE NOT startsWith(name, '$') AND NOT has({known:Array(String)}, name)) GROUP BY name`,
    { ...params, known },
  )
  return new Map(
    looks.flatMap((look): [string, ColumnKind][] => {
      const kind = kindOf(look)
      return kind && (kind !== 'category' || look.rows >= settle) ? [[look.name, kind]] : []
    }),
  )
}

function kindOf({ rows, distinct, characters, bytes, words, vectors, images }: Look): ColumnKind | undefined {
  if (rows < LEAST) return undefined
  if (vectors >= MOSTLY * rows) return 'vector'
  if (images >= MOSTLY * rows) return 'image'
  // scripts that put no space between words need more than a byte a character
  const prose = words >= 3 || bytes > 1.6 * characters
  return distinct >= LEAST && distinct >= 0.2 * rows && characters >= 16 && prose ? 'text' : 'category'
}
