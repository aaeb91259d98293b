import { z } from 'zod'
import { columnTypes } from '../../../contracts/column.ts'
import { defineSource } from '../../../contracts/source.ts'
import { convertedRows } from '../converted/converted-rows.ts'
import { fileSource } from '../file-location.ts'
import { xmlFaults, xmlSettings } from './xml-settings.ts'

export default defineSource({
  kind: 'xml',
  title: 'XML files: an element is a row; its attributes and what is in it are columns',
  config: fileSource(
    'xml',
    {
      ...xmlSettings,
      columns: z
        .record(z.string(), z.enum(columnTypes))
        .optional()
        .meta({ description: 'types of columns; those of others are found by looking at the values' }),
    },
    { many: true },
  ).meta({ id: 'XmlSource' }),
  async open({ record, namespaces, lists, columns, ...location }, environment, signal) {
    return convertedRows(
      {
        kind: 'xml',
        version: 1,
        files: await environment.localFiles(location),
        settings: { record, namespaces, lists },
        faults: Object.values(xmlFaults),
        types: Object.entries(columns ?? {}).map(([name, type]) => ({ name, type })),
      },
      environment,
      signal,
    )
  },
})
