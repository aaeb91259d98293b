import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { eventsStoreSuite } from './events-store.suite.ts'
import { quietLog } from './quiet-log.ts'
import { temporaryDirectory } from './temporary-directory.ts'

eventsStoreSuite('the embedded events store', async () => {
  const directory = temporaryDirectory('events')
  const store = createEmbeddedEvents({ dataDirectory: directory.path, log: quietLog })
  return {
    store,
    async close() {
      await store.close()
      directory.remove()
    },
  }
})
