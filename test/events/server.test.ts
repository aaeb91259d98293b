import { connectEvents } from '../../src/storage/events/connect-events.ts'
import { startEngineChild } from '../../src/storage/events/engine-child.ts'
import { eventsStoreSuite } from './events-store.suite.ts'
import { quietLog } from './quiet-log.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/*
 * A recent ClickHouse server is in no package registry, so the server here is our own engine process (the same ClickHouse
 * code, by chDB) on a port of its own, which this store reaches by address and password as it would reach any server.
 * KEDGE_TEST_CLICKHOUSE_URL (with user and password in it) runs the suite against a real one instead.
 */
const url = process.env.KEDGE_TEST_CLICKHOUSE_URL

eventsStoreSuite('the events store on a server', async () => {
  if (url) {
    const { username, password, protocol, host } = new URL(url)
    const store = connectEvents({ url: `${protocol}//${host}`, user: username || 'default', password })
    return { store, close: () => store.close() }
  }
  const directory = temporaryDirectory('events-server')
  const options = {
    directory: directory.path,
    host: '127.0.0.1',
    port: 0,
    readers: 6,
    writers: 3,
    memoryLimit: 4e9,
    bodyLimit: 1e9,
  }
  const server = await startEngineChild({ ...options, password: 'a password' }, quietLog)
  const store = connectEvents({ url: `http://127.0.0.1:${server.port}`, user: 'kedge', password: 'a password' })
  return {
    store,
    async close() {
      await store.close()
      await server.stop(5000)
      directory.remove()
    },
  }
})
