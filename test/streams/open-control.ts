import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { expectations } from '../../src/adapters/expectations/index.generated.ts'
import { operations } from '../../src/adapters/operations/index.generated.ts'
import { places } from '../../src/adapters/places/index.generated.ts'
import { sources } from '../../src/adapters/sources/index.generated.ts'
import { streams } from '../../src/adapters/streams/index.generated.ts'
import { asSource } from '../../src/contracts/stream-source.ts'
import { createData, type Data } from '../../src/data/data.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'

export interface Control extends Data {
  close(): Promise<void>
}

/** The data domain of one of several processes that share a PostgreSQL and a folder of blobs; `works`: whether it takes jobs. */
export async function openControl(sql: string, directory: string, node: string, works: boolean): Promise<Control> {
  const clock = Date.now
  const store = await openPostgres(sql, clock)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock, log: silentLog, node, lease: 2000 })
  const events = createEmbeddedEvents({ dataDirectory: join(directory, node, 'events'), log: silentLog })
  const blobs = await openBlobDirectory(join(directory, 'blobs'))
  const data = createData(
    { store, journal, jobs, events, blobs, clock, log: silentLog, node, dataDirectory: join(directory, node) },
    {
      extensions: { sources: [...sources, ...streams.map(asSource)], streams, operations, expectations },
      places,
      secret: async () => 'secret',
      allowHosts: ['127.0.0.1'],
    },
  )
  await data.start()
  if (works) jobs.start()
  return {
    ...data,
    async close() {
      await data.stop()
      await jobs.stop()
      await events.close()
      await blobs.close()
      await store.close()
    },
  }
}
