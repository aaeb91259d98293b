import { z } from 'zod'
import { defineSource } from '../../../contracts/source.ts'
import { fileSource } from '../file-location.ts'
import { lakeRows, within } from '../lake-rows.ts'
import { readSnapshot } from './read-snapshot.ts'

export default defineSource({
  kind: 'iceberg',
  title: 'An Apache Iceberg table: path or url are of its folder',
  config: fileSource(
    'iceberg',
    {
      snapshot: z
        .string()
        .regex(/^-?\d+$/)
        .optional()
        .meta({ description: 'id of a snapshot; the current one when absent' }),
      as_of: z.iso.datetime({ offset: true }).optional().meta({ description: 'the snapshot of a time' }),
      metadata: z
        .string()
        .regex(/^[^/]+\.metadata\.json$/)
        .optional()
        .meta({ description: 'name of the metadata file; the newest when absent' }),
    },
    { many: true },
  ).meta({ id: 'IcebergSource' }),
  async open({ snapshot, as_of, metadata, ...location }, environment) {
    const files = await environment.sideFiles(within(location, 'metadata/*'))
    const asOf = as_of === undefined ? undefined : Date.parse(as_of)
    const table = await readSnapshot(files.pattern!.files, { snapshot, asOf, metadata })
    const rows = await lakeRows(location, table.files, [], environment)
    return { ...rows, ...(snapshot === undefined ? { found: { snapshot: table.snapshot } } : {}) }
  },
})
