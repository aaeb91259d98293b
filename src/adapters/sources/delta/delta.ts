import { z } from 'zod'
import { defineSource } from '../../../contracts/source.ts'
import { fileSource } from '../file-location.ts'
import { lakeRows, within } from '../lake-rows.ts'
import { readDeltaLog } from './read-delta-log.ts'

export default defineSource({
  kind: 'delta',
  title: 'A Delta Lake table: path or url are of its folder',
  config: fileSource(
    'delta',
    {
      version: z.number().int().min(0).optional().meta({ description: 'the newest when absent' }),
      as_of: z.iso.datetime({ offset: true }).optional().meta({ description: 'the version of a time' }),
    },
    { many: true },
  ).meta({ id: 'DeltaSource' }),
  async open({ version, as_of, ...location }, environment) {
    const logs = await environment.sideFiles(within(location, '_delta_log/*'))
    const table = await readDeltaLog(logs.pattern!.files, {
      version,
      asOf: as_of === undefined ? undefined : Date.parse(as_of),
    })
    const rows = await lakeRows(location, table.files, table.partitions, environment)
    return { ...rows, ...(version === undefined ? { found: { version: table.version } } : {}) }
  },
})
