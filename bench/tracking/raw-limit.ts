import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'

export interface RawLimit {
  /** commits a second, each with fsync */
  create: number
  metric: number
  batch: number
  param: number
  /** milliseconds to read 100,000 points */
  history: number
}

/** What the disk and SQLite allow in one thread without a server: the same rows by raw better-sqlite3, one commit each. */
export function measureRawLimit(directory: string, seconds: number): RawLimit {
  const file = join(directory, 'raw.sqlite')
  const db = new BetterSqlite(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(`
    create table runs (number integer primary key, id text unique, project text, experiment int, name text, user_id text,
      status text, start_time int, end_time int, artifact_uri text, state text);
    create index runs_experiment on runs (experiment, state, start_time, id);
    create table pairs (run int, key text, value text, primary key (run, key)) without rowid;
    create table journal (id integer primary key, time int, type text, project text, subject text, data text, hash text);
    create table series (id integer primary key, run int, key text, step int, time int, value real, unique (run, key));
    create table points (series int, step int, time int, value real, primary key (series, step, time, value)) without rowid;`)
  const rate = (work: (i: number) => void) => {
    const transaction = db.transaction(work)
    const start = performance.now()
    let count = 0
    while (performance.now() - start < seconds * 1000) transaction(count++)
    return count / ((performance.now() - start) / 1000)
  }
  const run = db.prepare(
    "insert into runs values (null, ?, 'default', 1, ?, '', 'RUNNING', ?, null, 'mlflow-artifacts:/0/x/artifacts', 'active')",
  )
  const pair = db.prepare('insert into pairs values (?, ?, ?) on conflict do update set value = excluded.value')
  const event = db.prepare("insert into journal values (null, 1, 'run.created', 'default', ?, '{}', ?)")
  const series = db.prepare(
    'insert into series (run, key, step, time, value) values (1, ?, ?, ?, ?) on conflict do update set step = excluded.step, time = excluded.time, value = excluded.value returning id',
  )
  const point = db.prepare('insert into points values (?, ?, ?, ?) on conflict do nothing')
  let step = 0
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const result = {
    create: rate((i) => {
      const id = hash(String(i)).slice(0, 32)
      pair.run(run.run(id, `run-${i}`, i).lastInsertRowid, 'mlflow.runName', `run-${i}`)
      event.run(id, hash(id))
    }),
    metric: rate((i) => {
      const { id } = series.get('loss', i, i, i) as { id: number }
      point.run(id, i, i, i)
    }),
    batch: rate(() => {
      for (let key = 0; key < 10; key++) {
        const { id } = series.get(`batch-${key}`, step, step, step) as { id: number }
        for (let i = 0; i < 100; i++) point.run(id, step + i, step + i, 0.5)
      }
      step += 100
    }),
    param: rate((i) => void pair.run(-1, `p${i}`, 'value')),
  }
  db.transaction(() => {
    for (let i = 0; i < 100_000; i++) point.run(-1, i, i, i / 3)
  })()
  const start = performance.now()
  db.prepare('select step, time, value from points where series = -1 order by step').all()
  const history = performance.now() - start
  db.close()
  rmSync(file)
  return { ...result, history }
}
