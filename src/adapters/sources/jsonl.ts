import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineSource } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { compression } from './compression.ts'
import { encoding, textFiles } from './encoding.ts'
import { fileSource } from './file-location.ts'
import { quotedName, quotedText } from './sql-name.ts'
import { lineRows, textLines } from './text-lines.ts'

/** Lines that are looked at to find the names of the columns. */
const sample = 20_000
const mostColumns = 2000

export default defineSource({
  kind: 'jsonl',
  title: 'JSON Lines (one object a line)',
  config: fileSource(
    'jsonl',
    {
      encoding,
      compression,
      columns: z
        .record(z.string(), z.enum(columnTypes))
        .optional()
        .meta({ description: 'the columns and their types; else those of the first 20,000 lines' }),
    },
    { many: true },
  ).meta({ id: 'JsonLinesSource' }),
  async open({ encoding, compression, columns, ...location }, environment, signal) {
    const {
      files,
      method,
      found: foundEncoding,
    } = await textFiles(await environment.localFiles(location), { encoding, compression }, environment, signal)
    const { from, params, ordered } = await textLines(files, method, environment)
    const settings = { input_format_parallel_parsing: 0, max_threads: 1, use_hive_partitioning: 0 }
    const lines = `SELECT line, rowNumberInAllBlocks() AS __position FROM ${from}`
    const names = columns
      ? Object.keys(columns)
      : (
          await environment.query<{ name: string }>(
            `SELECT name FROM (SELECT __position, arrayJoin(arrayEnumerate(JSONExtractKeys(line)) AS places) AS place, JSONExtractKeys(line)[place] AS name
             FROM (${lines} LIMIT ${sample}) WHERE isValidUTF8(line) AND JSONType(line) = 'Object')
             GROUP BY name ORDER BY min((__position, place)) LIMIT ${mostColumns}`,
            params,
            settings,
          )
        ).map(({ name }) => name)
    if (names.length === 0) throw new KedgeError('source_unreadable', { source: '', what: 'no line is a JSON object' })
    const selected = names.map(
      (name) => `JSONExtract(line, ${quotedText(name)}, 'Nullable(String)') AS ${quotedName(name)}`,
    )
    const rows = lineRows(files, {
      names,
      selected: [...selected, "JSONType(line) != 'Object' AS __broken"],
      from,
      ordered,
    })
    return {
      ...rows,
      params,
      settings: { ...rows.settings, ...settings },
      untyped: true,
      types: [...Object.entries(columns ?? {}).map(([name, type]) => ({ name, type })), ...(rows.types ?? [])],
      unreadable: [{ when: 's.__broken', reason: 'is no JSON object', value: 's.__line' }],
      ...(foundEncoding ? { found: { encoding: foundEncoding } } : {}),
      state: files.digest,
    }
  },
})
