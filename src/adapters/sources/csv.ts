import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineSource, type SourceEnvironment } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { compression } from './compression.ts'
import { findDelimiter } from './csv-dialect.ts'
import { encoding, textFiles } from './encoding.ts'
import { fileSource } from './file-location.ts'
import { rowsOfFiles } from './many-files.ts'
import { quotedName } from './sql-name.ts'

/** A head of so many characters may not be the whole file. */
const shortHead = 2 ** 16

export default defineSource({
  kind: 'csv',
  title: 'CSV files; compressed when the name ends in .gz, .zst or .xz',
  config: fileSource(
    'csv',
    {
      delimiter: z.string().length(1).optional().meta({ description: 'between fields; found by looking when absent' }),
      header: z
        .boolean()
        .default(true)
        .meta({ description: 'whether the first row has the names; else they are c1, c2 …' }),
      encoding,
      compression,
      columns: z
        .record(z.string(), z.enum(columnTypes))
        .optional()
        .meta({ description: 'types of columns; those of others are found by looking at the values' }),
    },
    { many: true },
  ).meta({ id: 'CsvSource' }),
  async open({ delimiter: declared, header, encoding, compression, columns, ...location }, environment, signal) {
    const {
      files,
      method,
      head,
      found: foundEncoding,
    } = await textFiles(await environment.localFiles(location), { encoding, compression }, environment, signal)
    const delimiter = findDelimiter(head, declared, head.length >= shortHead)
    const settings = {
      format_csv_delimiter: delimiter,
      input_format_csv_allow_whitespace_or_tab_as_delimiter: /\s/.test(delimiter) ? 1 : 0,
      input_format_csv_allow_variable_number_of_columns: 1,
      input_format_parallel_parsing: 0,
      max_threads: 1,
      use_hive_partitioning: 0,
    }
    const params = { path: files.path, method }
    if (files.pattern && header) await sameHeaders(environment, params)
    const found = await environment.describe(
      `file({path:String}, ${header ? 'CSVWithNames' : 'CSV'}, 'auto', {method:String})`,
      params,
      { ...settings, input_format_max_rows_to_read_for_schema_inference: 1 },
    )
    const names = found.map(({ name }) => name)
    // a field more than there are columns, to see rows that are too long; a field that is not there is null, an empty one ''
    const structure = [...names, '__extra'].map((name) => `${quotedName(name)} Nullable(String)`).join(', ')
    const [first, last] = [quotedName(names[0]!), quotedName(names.at(-1)!)]
    const rows = rowsOfFiles(files, {
      columns: names.map((name) => ({ name, type: 'Nullable(String)' })),
      selected: [
        ...names.map((name) => `nullIf(${quotedName(name)}, '') AS ${quotedName(name)}`),
        `f.${last} IS NULL AS __short`,
        'f.`__extra` IS NOT NULL AS __long',
      ],
      from: 'file({path:String}, CSV, {structure:String}, {method:String}) AS f',
      // the conditions look at the fields, not at what they become
      settings: 'prefer_column_name_to_alias = 1',
    })
    return {
      ...rows,
      params: { ...params, structure },
      settings: {
        ...rows.settings,
        ...settings,
        input_format_csv_skip_first_lines: header ? 1 : 0,
        input_format_csv_empty_as_default: 0,
      },
      untyped: true,
      types: [...Object.entries(columns ?? {}).map(([name, type]) => ({ name, type })), ...(rows.types ?? [])],
      unreadable: [
        { when: 's.__short', reason: `fewer than ${names.length} fields`, value: `s.${first}` },
        { when: 's.__long', reason: `more than ${names.length} fields`, value: `s.${first}` },
      ],
      found: {
        ...(declared === undefined ? { delimiter } : {}),
        ...(foundEncoding ? { encoding: foundEncoding } : {}),
      },
      state: files.digest,
    }
  },
})

/** One structure is for all files, so that a file with its columns in another order would be read wrongly. */
async function sameHeaders({ query }: SourceEnvironment, params: Record<string, unknown>): Promise<void> {
  const headers = await query<{ header: string; path: string }>(
    `SELECT trimRight(line, '\r') AS header, any(_file) AS path FROM
       (SELECT line, _file, _path FROM file({path:String}, LineAsString, 'line String', {method:String}) LIMIT 1 BY _path)
     GROUP BY header ORDER BY count() DESC, header LIMIT 2`,
    params,
    { max_threads: 1, use_hive_partitioning: 0 },
  )
  const [most, other] = headers
  if (other)
    throw new KedgeError('source_unreadable', {
      source: '',
      what: `the first row of ${other.path} is ${other.header.slice(0, 200)}, that of ${most!.path} is ${most!.header.slice(0, 200)}`,
    })
}
