/** Opens the events store on the directory named first, says the engine's process id, and stays until it is killed. */
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { quietLog } from './quiet-log.ts'

const store = createEmbeddedEvents({ dataDirectory: process.argv[2]!, log: quietLog })
await store.query('SELECT 1')
process.stdout.write(`${store.status().pid}\n`)
setInterval(() => {}, 60_000)
