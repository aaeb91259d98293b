import { openSync, writeSync } from 'node:fs'
import { createJournal } from '../../src/journal/journal.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

/** Appends from 16 writers and notes each subject in a file once it is acknowledged, until it is killed. */
const [, , path, round, notes] = process.argv
const file = openSync(notes!, 'a')
const journal = createJournal(await openSqlite(path!, Date.now))
await Promise.all(
  Array.from({ length: 16 }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const subject = `test/${round}-${writer}-${i}`
      await journal.change({ actor: 'test' }, async (change) => {
        change.append({ type: 'project.created', project: 'test', subject, data: { name: subject } })
      })
      writeSync(file, `${subject}\n`)
    }
  }),
)
