// Feature views: lookups of 20 keys in a view of a million entities with windows, while rows land; how long a row takes from
// its landing to a lookup; training sets against pandas' merge_asof. Run: node bench/data/features.ts [entities]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'
import type { InputRow } from '../../src/serving/inference/features/view-rows.ts'
import { createViewRows } from '../../src/serving/inference/features/view-rows.ts'

const entities = Number(process.argv[2] ?? 1_000_000)
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'kedge-bench-features-'))
const hour = 3_600_000_000
const quantile = (values: number[], q: number) => values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))]!
const shown = (value: number) => (value < 10 ? value.toPrecision(2) : Math.round(value).toLocaleString('en'))
const lines: [string, string][] = []

/** Lookups of a view in memory: two newest values, three windows, one of them of different texts. */
function lookups() {
  const view = {
    inputs: ['number' as const, 'text' as const, 'number' as const],
    features: [
      { name: 'amount', type: 'float' as const, how: 'last' as const, input: 0, over: null },
      { name: 'shop', type: 'text' as const, how: 'last' as const, input: 1, over: null },
      { name: 'n', type: 'int' as const, how: 'count' as const, input: 2, over: hour },
      { name: 'spent', type: 'float' as const, how: 'sum' as const, input: 0, over: 168 * hour },
      { name: 'shops', type: 'int' as const, how: 'distinct' as const, input: 1, over: 168 * hour },
    ],
    ...{ span: 168 * hour, ttl: null },
  }
  const columns = view.features.map(({ name, type }) => ({
    name,
    type: type === 'text' ? ('text' as const) : ('number' as const),
  }))
  const rows = createViewRows(view, columns)
  const now = 1_700_000_000_000_000
  const rowOf = (i: number, at: number): InputRow => [
    `customer-${(i * 7919) % entities}`,
    at,
    i % 1000,
    `shop-${i % 500}`,
    1,
  ]
  const began = performance.now()
  // three rows an entity within the week
  for (let i = 0; i < entities * 3; i++) rows.add(rowOf(i, now - 160 * hour + i), now)
  const built = performance.now() - began
  const times: number[] = []
  let at = now
  for (let i = 0; i < 60_000; i++) {
    at += 1000
    // 20 rows land for each lookup
    for (let j = 0; j < 20; j++) rows.add(rowOf(i * 20 + j, at), at)
    const keys = Array.from({ length: 20 }, (_, k) => `customer-${(i * 104_729 + k * 15_485_863) % entities}`)
    const start = performance.now()
    rows.lookup(keys, at)
    times.push((performance.now() - start) * 1000)
  }
  const recent = times.slice(10_000)
  // the system counts a thread's time in ticks, so not for each
  const keys = Array.from({ length: 20 }, (_, k) => `customer-${(k * 15_485_863) % entities}`)
  const from = process.threadCpuUsage()
  for (let i = 0; i < 20_000; i++) {
    keys[i % 20] = `customer-${(i * 104_729) % entities}`
    rows.lookup(keys, at)
  }
  const { user, system } = process.threadCpuUsage(from)
  const busy = (user + system) / 20_000
  lines.push([
    `20 keys of ${entities.toLocaleString('en')} entities, 5 features over windows of up to 7 days, 20 rows landing between lookups`,
    `p50 ${shown(quantile(recent, 0.5))} µs, p99 ${shown(quantile(recent, 0.99))} µs, of the processor's time ${shown(busy)} µs on average; ${shown(rows.bytes / 2 ** 20)} MiB; ${shown((entities * 3) / (built / 1000))} rows/s taken`,
  ])
}

/** From the answer that a pushed row is durable to the first prediction-side lookup that knows it. */
async function freshness() {
  const config = { port: 0, data: join(folder, 'data'), sourceFolder: [folder], logLevel: 'silent', roles: ['control'] }
  const kedge = await startKedge(readConfig(config), silentLog)
  const api = client(kedge.address)
  const until = async <T>(look: () => Promise<T | undefined | false>): Promise<T> => {
    for (;;) {
      const found = await look()
      if (found) return found
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  const row = () => ({ customer: 'a', amount: '1', at: new Date().toISOString() })
  try {
    const columns = { customer: 'text', amount: 'float', at: 'time' }
    await api('PUT', '/sources/paid', { kind: 'push', columns, land: { seconds: 5 }, versions: { seconds: 86_000 } })
    await api('PUT', '/datasets/paid', { from: 'paid', time: 'at', curate: [{ filter: 'amount > 0' }] })
    await api('POST', '/streams/paid/rows', [row()])
    await until(async () => (await api<{ batches: { rows: number } }>('GET', '/streams/paid')).batches.rows > 0)
    const { jobId } = await api<{ jobId: number }>('POST', '/datasets/paid/materialise', {})
    await kedge.environment.jobs.wait(jobId)
    const features = { spent: { sum: 'amount', over: '1h' } }
    await api('PUT', '/features/activity', { from: 'paid', entity: 'customer', features })
    const base = await until(() =>
      kedge.environment.store.read.selectFrom('feature_bases').selectAll().executeTakeFirst(),
    )
    // what an inference process does: a long poll that is asked again at once
    const secret = await internalSecret()
    let position = Number(base.position)
    const arrived = new Map<number, number>()
    let going = true
    const polling = (async () => {
      while (going) {
        const query = new URLSearchParams({
          project: 'default',
          view: 'activity',
          generation: base.generation,
          after: `${position}`,
          wait: '2000',
        })
        const answer = await fetch(`${kedge.address}/internal/landed?${query}`, {
          headers: { authorization: `Bearer ${secret}` },
        })
        const landed = (await answer.json()) as { position: number }
        for (let one = position; one < landed.position; one++) arrived.set(one, performance.now())
        position = landed.position
      }
    })()
    const delays: number[] = []
    for (let i = 0; i < 120; i++) {
      const { first } = await api<{ first: number }>('POST', '/streams/paid/rows', [row()])
      const landed = performance.now()
      await until(async () => arrived.has(first))
      delays.push(Math.max(0, arrived.get(first)! - landed))
    }
    going = false
    await polling
    lines.push([
      'from landing (durable) to a lookup',
      `p50 ${shown(quantile(delays, 0.5))} ms, p99 ${shown(quantile(delays, 0.99))} ms, longest ${shown(Math.max(...delays))} ms`,
    ])
  } finally {
    await kedge.stop()
  }

  async function internalSecret() {
    const { createHmac } = await import('node:crypto')
    const { secretKey } = await import('../../src/governance/secrets.ts')
    return createHmac('sha256', secretKey(config.data, undefined)).update('internal').digest('hex')
  }
}

/** A training set of the newest row within a week for each label, and the same by pandas, both from Parquet to Parquet. */
async function trainingSets() {
  const n = Math.min(entities * 3, 3_000_000)
  const kedge = await startKedge(
    readConfig({
      port: 0,
      data: join(folder, 'training'),
      sourceFolder: [folder],
      logLevel: 'silent',
      roles: ['control'],
    }),
    silentLog,
  )
  const { events } = kedge.environment
  const random = `toUInt64(cityHash64(number))`
  const make = (file: string, rows: number, more: string, from: number) =>
    events.command(
      `INSERT INTO FUNCTION file('${join(folder, file)}', Parquet) SELECT concat('c', toString(cityHash64(number) % ${entities})) AS customer, fromUnixTimestamp64Micro(toInt64(1700000000000000 + ${random} % 2592000000000), 'UTC') AS at, ${more} FROM numbers(${from}, ${rows})`,
    )
  try {
    await make('rows.parquet', n, 'toFloat64(number % 1000) AS amount', 0)
    await make('labels.parquet', n / 3, 'number AS id', 10_000_000)
    const api = client(kedge.address)
    for (const name of ['rows', 'labels']) {
      await api('PUT', `/sources/${name}`, { kind: 'parquet', path: `${name}.parquet` })
      await api('PUT', `/datasets/${name}`, { from: name, time: 'at' })
      const { jobId } = await api<{ jobId: number }>('POST', `/datasets/${name}/materialise`, {})
      await kedge.environment.jobs.wait(jobId)
    }
    await api('PUT', '/features/newest', {
      from: 'rows',
      entity: 'customer',
      ttl: '7d',
      features: { amount: 'amount' },
    })
    const began = performance.now()
    const { jobId } = await api<{ jobId: number }>('POST', '/training-sets/asof/versions', {
      labels: 'labels',
      features: ['newest'],
    })
    await kedge.environment.jobs.wait(jobId)
    const own = (performance.now() - began) / 1000
    const python = join(folder, 'peer.py')
    writeFileSync(
      python,
      `import time,pandas as pd
t=time.time()
l=pd.read_parquet('${folder}/labels.parquet').sort_values('at');r=pd.read_parquet('${folder}/rows.parquet').sort_values('at')
pd.merge_asof(l,r,on='at',by='customer',tolerance=pd.Timedelta('7d')).to_parquet('${folder}/out.parquet')
print(time.time()-t)`,
    )
    const peer = process.env.PEER_PYTHON
      ? spawnSync(process.env.PEER_PYTHON, [python], { encoding: 'utf8' })
      : undefined
    const theirs = peer?.status === 0 ? Number(peer.stdout) : undefined
    lines.push([
      `training set: ${shown(n / 3)} labels, ${shown(n)} rows, with profile and checks`,
      `${own.toFixed(1)} s${theirs === undefined ? '' : `; pandas.merge_asof from Parquet to Parquet ${theirs.toFixed(1)} s`}`,
    ])
  } finally {
    await kedge.stop()
  }
}

/** Asks the project's API. */
const client =
  (address: string) =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${address}/api/v1/projects/default${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return JSON.parse(text || '{}') as T
  }

try {
  lookups()
  await freshness()
  await trainingSets()
  console.log('| | |\n|---|---|')
  for (const [what, found] of lines) console.log(`| ${what} | ${found} |`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
