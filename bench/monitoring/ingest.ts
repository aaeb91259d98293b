// How many predictions a second come on record with their profiles computed: logged over HTTP to a whole server, as a Parquet
// body, as NDJSON and as JSON lists, 20 features each, from the first byte sent until nothing waits to be computed.
//   node bench/monitoring/ingest.ts [rows] [hours that they are spread over]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'

const rows = Number(process.argv[2] ?? 1_000_000)
const hours = Number(process.argv[3] ?? 48)
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-ingest-'))
const kedge = await startKedge(
  readConfig({ port: 0, data: join(directory, 'data'), logLevel: 'silent', roles: ['control'] }),
  silentLog,
)
const { events, store, jobs } = kedge.environment
const base = `${kedge.address}/api/v1/projects/bench/endpoints`

const numbers = Array.from({ length: 16 }, (_, i) => `toFloat64(cityHash64(number, ${i}) % 10000) / 100 AS x${i}`)
const texts = Array.from(
  { length: 4 },
  (_, i) => `concat('c', toString(cityHash64(number, ${i + 50}) % ${5 * (i + 1)})) AS t${i}`,
)
const source = (count: number) => `SELECT concat('p', toString(number)) AS id,
  toDateTime64('2024-03-05 00:00:00', 3, 'UTC') + intDiv(number * ${hours * 3600}, ${count}) AS time,
  (cityHash64(number) % 1000) / 1000 AS score, ${[...numbers, ...texts].join(', ')} FROM numbers(${count})`

async function file(format: string, count: number) {
  const path = join(directory, `rows-${count}.${format}`)
  await events.command(`INSERT INTO FUNCTION file({path:String}, ${format}) ${source(count)}`, { path })
  return readFileSync(path)
}

async function settled() {
  for (;;) {
    const waiting = await store.read
      .selectFrom('jobs')
      .select('id')
      .where('kind', 'in', ['monitoring.profile', 'monitoring.evaluate'])
      .where('state', 'in', ['queued', 'running'])
      .execute()
    if (waiting.length === 0) return
    await Promise.all(waiting.map(({ id }) => jobs.wait(id)))
  }
}

const results: { form: string; rows: number; taken: number; profiled: number; judged: number }[] = []

/** Resolves when no hour of the endpoint waits to be profiled; windows may still be judged. */
async function profiled() {
  for (;;) {
    const left = await store.read.selectFrom('stale_buckets').select('bucket').limit(1).execute()
    if (left.length === 0) return
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function measure(form: string, count: number, send: (url: string) => Promise<void>) {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  await send(`${base}/${form.replaceAll(' ', '-').toLowerCase()}/predictions`)
  const taken = seconds()
  await profiled()
  const all = seconds()
  await settled()
  results.push({ form, rows: count, taken, profiled: all, judged: seconds() })
}

async function post(url: string, type: string, body: Uint8Array | string) {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: body as string })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
}

try {
  // the engine is started, and every statement has run once
  const warm = await file('Parquet', 1000)
  await measure('warm up', 1000, (url) => post(url, 'application/vnd.apache.parquet', warm))
  results.pop()

  const parquet = await file('Parquet', rows)
  await measure('Parquet', rows, (url) => post(url, 'application/vnd.apache.parquet', parquet))
  const fifth = Math.ceil(rows / 5)
  const lines = await file('JSONEachRow', fifth)
  await measure('NDJSON', fifth, (url) => post(url, 'application/x-ndjson', lines))
  const items = lines
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { id, time, score, ...features } = JSON.parse(line) as Record<string, string | number>
      return { id, time: `${String(time).replace(' ', 'T')}Z`, score, features }
    })
  const bodies = Array.from({ length: Math.ceil(fifth / 5000) }, (_, i) =>
    JSON.stringify(items.slice(i * 5000, (i + 1) * 5000)),
  )
  await measure('JSON lists of 5000', fifth, async (url) => {
    for (const body of bodies) await post(url, 'application/json', body)
  })
  console.log(`20 features, ${hours} hours of event time; rows a second`)
  console.table(
    results.map(({ form, rows: count, taken, profiled: all, judged }) => ({
      form,
      rows: count,
      'on record': Math.round(count / taken),
      'with profiles': Math.round(count / all),
      'and windows judged': Math.round(count / judged),
    })),
  )
} finally {
  await kedge.stop()
  rmSync(directory, { recursive: true, force: true })
}
