import { z } from 'zod'
import { columnTypes } from '../../../contracts/column.ts'
import { defineSource } from '../../../contracts/source.ts'
import { convertedRows } from '../converted/converted-rows.ts'
import { fileSource } from '../file-location.ts'
import { excelFaults, excelSettings } from './excel-settings.ts'

export default defineSource({
  kind: 'excel',
  title: 'A sheet of Excel workbooks (.xlsx, .xlsm)',
  config: fileSource(
    'excel',
    {
      ...excelSettings,
      columns: z
        .record(z.string(), z.enum(columnTypes))
        .optional()
        .meta({ description: 'types of columns; those of others are found by looking at the values' }),
    },
    { many: true },
  ).meta({ id: 'ExcelSource' }),
  async open({ sheet, header, merged, columns, ...location }, environment, signal) {
    return convertedRows(
      {
        kind: 'excel',
        version: 1,
        files: await environment.localFiles(location),
        settings: { sheet, header, merged },
        faults: Object.values(excelFaults),
        types: Object.entries(columns ?? {}).map(([name, type]) => ({ name, type })),
      },
      environment,
      signal,
    )
  },
})
