import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineSource, fileLocation, oneLocation, oneLocationMessage } from '../../contracts/source.ts'
import { quotedName } from './sql-name.ts'

export default defineSource({
  kind: 'csv',
  title: 'A CSV file on the server or behind an address; compressed when its name ends in .gz, .zst or .xz',
  config: z
    .strictObject({
      kind: z.literal('csv'),
      ...fileLocation,
      delimiter: z.string().length(1).default(','),
      header: z
        .boolean()
        .default(true)
        .meta({ description: 'whether the first row has the names; else they are c1, c2 …' }),
      columns: z
        .record(z.string(), z.enum(columnTypes))
        .optional()
        .meta({ description: 'types of columns; those of others are found by looking at the values' }),
    })
    .refine(oneLocation, oneLocationMessage)
    .meta({ id: 'CsvSource' }),
  async open({ path, url, delimiter, header, columns }, environment) {
    const file = await environment.localFile({ path, url })
    const settings = {
      format_csv_delimiter: delimiter,
      input_format_csv_allow_variable_number_of_columns: 1,
      input_format_parallel_parsing: 0,
      max_threads: 1,
    }
    const found = await environment.describe(
      `file({path:String}, ${header ? 'CSVWithNames' : 'CSV'})`,
      { path: file.path },
      { ...settings, input_format_max_rows_to_read_for_schema_inference: 1 },
    )
    const names = found.map(({ name }) => name)
    // a field more than there are columns, to see rows that are too long; a field that is not there is null, an empty one ''
    const structure = [...names, '__extra'].map((name) => `${quotedName(name)} Nullable(String)`).join(', ')
    const selected = names.map((name) => `nullIf(${quotedName(name)}, '') AS ${quotedName(name)}`)
    const [first, last] = [quotedName(names[0]!), quotedName(names.at(-1)!)]
    return {
      // prefer_column_name_to_alias: the conditions look at the fields, not at what they become
      sql: `(SELECT ${selected.join(', ')}, f.${last} IS NULL AS __short, f.\`__extra\` IS NOT NULL AS __long, rowNumberInAllBlocks() AS __position FROM file({path:String}, CSV, {structure:String}) AS f SETTINGS prefer_column_name_to_alias = 1)`,
      params: { path: file.path, structure },
      settings: {
        ...settings,
        input_format_csv_skip_first_lines: header ? 1 : 0,
        input_format_csv_empty_as_default: 0,
      },
      columns: names.map((name) => ({ name, type: 'Nullable(String)' })),
      untyped: true,
      types: Object.entries(columns ?? {}).map(([name, type]) => ({ name, type })),
      unreadable: [
        { when: 's.__short', reason: `fewer than ${names.length} fields`, value: `s.${first}` },
        { when: 's.__long', reason: `more than ${names.length} fields`, value: `s.${first}` },
      ],
      rowNumber: 's.__position',
      state: file.digest,
    }
  },
})
