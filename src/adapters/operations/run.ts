import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

const timeSpan = z.string().regex(/^\d+(s|m|h)$/, 'is not a duration such as 30s, 20m or 1h')
const memorySize = z.string().regex(/^\d+(\.\d+)?(MiB|GiB)$/, 'is not a size such as 512MiB or 2GiB')

export default defineOperation({
  kind: 'run',
  title:
    'A command of your own, in any language: reads the Parquet file $KEDGE_INPUT and writes $KEDGE_OUTPUT. Each row keeps its _row; what is not written is removed, and a text in _reason quarantines the row',
  config: z.strictObject({
    command: z.string().min(1).max(100_000).meta({ description: 'for sh -c, in a folder of its own' }),
    files: z
      .record(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/), z.string().max(1_000_000))
      .default({})
      .meta({ description: 'name: contents of files that the command finds in its folder' }),
    timeout: timeSpan.default('10m'),
    memory: memorySize.default('2GiB'),
  }),
  command: ({ command, files, timeout, memory }) => ({
    command,
    files,
    timeoutMs: Number.parseFloat(timeout) * { s: 1000, m: 60_000, h: 3_600_000 }[timeout.at(-1) as 's' | 'm' | 'h'],
    memoryBytes: Number.parseFloat(memory) * (memory.endsWith('GiB') ? 2 ** 30 : 2 ** 20),
  }),
  compile: (_config, relation) => ({ columns: relation.columns.map(({ name }) => relation.column(name)) }),
})
