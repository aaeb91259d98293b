import { setImmediate as nextTurn } from 'node:timers/promises'
import { KedgeError } from '../../errors.ts'

/** Rows encoded at a time: large enough to be quick, small enough not to hold the event loop (about 2 ms). */
const ROWS_A_PIECE = 1000

const integersAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)

/** A null or NaN inside a map would become 0 without a word: ClickHouse is strict for columns only. */
function checkMaps(row: object, at: number) {
  for (const [column, map] of Object.entries(row)) {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) continue
    for (const key in map) {
      const value = (map as Record<string, unknown>)[key]
      if (value !== null && (typeof value !== 'number' || Number.isFinite(value))) continue
      const what = `${column}.${key} is ${value}; leave the key out where there is no value`
      throw new KedgeError('events_data_invalid', { what }, { places: [{ where: `row ${at + 1}`, what }] })
    }
  }
}

function encode(rows: readonly object[]) {
  try {
    return Buffer.from(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`)
  } catch (error) {
    // JSON.stringify refuses bigint, and a replacer is three times slower: only the pieces that need it pay
    if (!(error instanceof TypeError)) throw error
    return Buffer.from(`${rows.map((row) => JSON.stringify(row, integersAsText)).join('\n')}\n`)
  }
}

/** Encodes rows as NDJSON piece by piece. Throws `events_data_invalid` at a null or NaN inside a map. */
export async function* ndjson(rows: readonly object[]): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < rows.length; from += ROWS_A_PIECE) {
    const piece = rows.slice(from, from + ROWS_A_PIECE)
    piece.forEach((row, i) => {
      checkMaps(row, from + i)
    })
    yield encode(piece)
    await nextTurn()
  }
}
