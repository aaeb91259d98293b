import type { EventsStore } from '../../storage/events/events-store.ts'
import { numbersIn, wordsOf } from './aspect-source.ts'
import type { ColumnFacts, ColumnKind } from './column-facts.ts'

/** Words that a vocabulary has at most: the most frequent. */
const MOST_WORDS = 2000
/** Longer vectors are not averaged. */
const LONGEST = 8192

export interface LearntRows {
  /** with `texts` Map(String, String) */
  sql: string
  params: Record<string, unknown>
}

/** What a column's values have in common in these rows; null where there is nothing to learn. */
export async function learnFacts(
  events: EventsStore,
  rows: LearntRows,
  column: string,
  kind: ColumnKind,
): Promise<ColumnFacts | null> {
  if (kind === 'text') return learnWords(events, rows, column)
  if (kind === 'vector') return learnCentre(events, rows, column)
  return null
}

/** A word is known when it is in `least` rows, to the rows that it was learnt from when it is in as many others. */
async function learnWords(events: EventsStore, { sql, params }: LearntRows, column: string) {
  const found = await events.query<{ word: string; n: number }>(
    `SELECT word, count() AS n FROM (${sql}) ARRAY JOIN arrayDistinct(${wordsOf('texts[{column:String}]')}) AS word
     GROUP BY word HAVING n > 1 ORDER BY n DESC, word LIMIT ${MOST_WORDS + 1}`,
    { ...params, column },
  )
  const [counted] = await events.query<{ rows: number }>(
    `SELECT countIf(texts[{column:String}] != '') AS rows FROM (${sql})`,
    { ...params, column },
  )
  const least = found.length > MOST_WORDS ? found.at(-1)!.n + 1 : 2
  const words = (test: (n: number) => boolean) => found.filter(({ n }) => test(n)).map(({ word }) => word)
  return {
    kind: 'text' as const,
    rows: counted!.rows,
    words: words((n) => n > least),
    edge: words((n) => n === least),
  }
}

/** Of vectors of the most frequent length. */
async function learnCentre(events: EventsStore, { sql, params }: LearntRows, column: string) {
  const [found] = await events.query<{ rows: number; centre: number[] }>(
    `SELECT count() AS rows, avgForEach(vector) AS centre FROM (SELECT ${numbersIn('texts[{column:String}]')} AS vector FROM (${sql}))
     WHERE length(vector) > 1 AND length(vector) <= ${LONGEST}
     GROUP BY length(vector) ORDER BY rows DESC LIMIT 1`,
    { ...params, column },
  )
  if (!found || found.rows < 2) return null
  return { kind: 'vector' as const, rows: found.rows, centre: found.centre.map((x) => Number(x.toPrecision(9))) }
}
