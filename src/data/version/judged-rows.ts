import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { positionBits } from '../../contracts/curation.ts'
import type { Pipeline } from '../curation/compile-curation.ts'
import { engineTypes, quoteName, quoteText } from '../expression/sql-text.ts'
import type { RunEngine } from './run-engine.ts'

/** Rows a file; a part is read from the few files that it lies in. */
const smallestChunk = 131_072
const mostChunks = 256

/** Every row that was read or added, with its verdict, in files of the run. */
export interface JudgedRows {
  /** all rows, as a table expression */
  all: string
  /** the files that have the positions from `start` to before `end` */
  between(start: bigint, end: bigint | undefined): string
}

/** Runs a compiled curation once. `rows`: about how many there are, for the size of the files. */
export async function judgeRows(
  engine: RunEngine,
  folder: string,
  pipeline: Pipeline,
  rows: number,
): Promise<JudgedRows> {
  const chunk = Math.max(smallestChunk, 2 ** Math.ceil(Math.log2(Math.max(1, rows / mostChunks))))
  const width = BigInt(chunk) << BigInt(positionBits.place)
  await engine.command(
    `INSERT INTO FUNCTION file(${quoteText(join(folder, 'judged-{_partition_id}.native'))}, Native) PARTITION BY intDiv(__row, ${width}) SELECT * FROM (${pipeline.sql})`,
    pipeline.params,
    pipeline.settings,
  )
  const chunks = (await readdir(folder))
    .flatMap((name) => /^judged-(\d+)\.native$/.exec(name)?.[1] ?? [])
    .map(BigInt)
    .sort((a, b) => (a < b ? -1 : 1))
  const files = (names: readonly bigint[]) =>
    names.length === 0
      ? noRows(pipeline)
      : `file(${quoteText(join(folder, names.length === 1 ? `judged-${names[0]}.native` : `judged-{${names.join(',')}}.native`))}, Native)`
  return {
    all: files(chunks),
    between: (start, end) =>
      files(chunks.filter((one) => one >= start / width && (end === undefined || one * width < end))),
  }
}

const noRows = ({ columns }: Pipeline) =>
  `(SELECT ${[
    ...columns.map(
      ({ name, type }) => `CAST(NULL, ${quoteText(`Nullable(${engineTypes[type]})`)}) AS ${quoteName(name)}`,
    ),
    'toUInt64(0) AS __row',
    'toUInt16(0) AS __verdict',
    "CAST(NULL, 'Nullable(String)') AS __value",
  ].join(', ')} WHERE false)`
