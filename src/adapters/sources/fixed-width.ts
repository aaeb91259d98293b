import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineSource } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { compression } from './compression.ts'
import { encoding, textFiles } from './encoding.ts'
import { fileSource } from './file-location.ts'
import { quotedName } from './sql-name.ts'
import { lineRows, textLines } from './text-lines.ts'

const position = z.number().int().min(1).max(1_000_000)

export default defineSource({
  kind: 'fixed-width',
  title: 'Text whose columns stand at fixed places of each line',
  config: fileSource(
    'fixed-width',
    {
      columns: z
        .array(
          z.strictObject({
            name: z.string().min(1),
            from: position.meta({ description: 'its first character, from 1' }),
            to: position.meta({ description: 'its last character' }),
            type: z.enum(columnTypes).optional(),
          }),
        )
        .min(1)
        .max(5000),
      header: z.number().int().min(0).max(1000).default(0).meta({ description: 'lines at the begin that are no rows' }),
      trim: z
        .enum(['both', 'right', 'none'])
        .default('both')
        .meta({ description: 'which blanks around values are none of them' }),
      encoding,
      compression,
    },
    { many: true },
  ).meta({ id: 'FixedWidthSource' }),
  async open({ columns, header, trim, encoding, compression, ...location }, environment, signal) {
    for (const { name, from, to } of columns)
      if (to < from) throw new KedgeError('invalid_input', { what: `columns: ${name} ends before it begins` })
    const {
      files,
      method,
      found: foundEncoding,
    } = await textFiles(await environment.localFiles(location), { encoding, compression }, environment, signal)
    const last = Math.max(...columns.map(({ to }) => to))
    const cut = { both: 'trimBoth', right: 'trimRight', none: '' }[trim]
    const { from, params, ordered } = await textLines(files, method, environment)
    const lines = `SELECT trimRight(line, '\\r') AS line, _path, rowNumberInAllBlocks() AS __n FROM ${from}`
    // files come one after the other, so what a file begins with has the least numbers of its lines
    const body =
      header === 0
        ? lines
        : files.pattern
          ? `SELECT line, _path FROM (SELECT *, row_number() OVER (PARTITION BY _path ORDER BY __n) AS __line FROM (${lines})) WHERE __line > ${header} ORDER BY _path, __line`
          : `SELECT line, _path FROM (${lines}) WHERE __n >= ${header}`
    const rows = lineRows(files, {
      names: columns.map(({ name }) => name),
      selected: [
        ...columns.map(
          ({ name, from, to }) =>
            `nullIf(${cut}(substringUTF8(line, ${from}, ${to - from + 1})), '') AS ${quotedName(name)}`,
        ),
        `trimBoth(substringUTF8(line, ${last + 1})) != '' AS __long`,
      ],
      from: `(${body})`,
      ordered,
    })
    return {
      ...rows,
      params,
      settings: { ...rows.settings, input_format_parallel_parsing: 0, max_threads: 1 },
      untyped: true,
      types: [...columns.flatMap(({ name, type }) => (type ? [{ name, type }] : [])), ...(rows.types ?? [])],
      unreadable: [{ when: 's.__long', reason: `longer than ${last} characters`, value: 's.__line' }],
      ...(foundEncoding ? { found: { encoding: foundEncoding } } : {}),
      state: files.digest,
    }
  },
})
