import { parentPort, workerData } from 'node:worker_threads'
import BetterSqlite from 'better-sqlite3'

const { from, to } = workerData as { from: string; to: string }
const database = new BetterSqlite(from, { readonly: true })
try {
  // one read transaction: the copy is the state of one moment, whatever is written meanwhile
  database.prepare('VACUUM INTO ?').run(to)
  parentPort?.postMessage('done')
} finally {
  database.close()
}
