import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** 300 MB; by hand once with KEDGE_TEST_LARGE_MB=5120. */
const megabytes = Number(process.env.KEDGE_TEST_LARGE_MB ?? 300)
const entry = join(import.meta.dirname, 'serve-until-killed.ts')
const directory = mkdtempSync(join(tmpdir(), 'kedge-large-'))
let child: ChildProcess
let api: string

beforeAll(async () => {
  child = spawn(process.execPath, [entry, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [address] = await once(createInterface({ input: child.stdout! }), 'line')
  api = `${address}/api/2.0/mlflow-artifacts`
})
afterAll(async () => {
  child.kill('SIGKILL')
  await once(child, 'close')
  rmSync(directory, { recursive: true, force: true })
})

const block = randomBytes(2 ** 20)

/** So many megabytes, each another one, and the digest of them all. */
function content(count: number, from = 0) {
  const hash = createHash('sha256')
  async function* pieces() {
    for (let i = from; i < from + count; i++) {
      const piece = Buffer.from(block)
      piece.writeUInt32BE(i)
      hash.update(piece)
      yield piece
    }
  }
  return { stream: Readable.from(pieces(), { objectMode: false }), digest: () => hash.digest('hex') }
}

const send = (url: string, stream: Readable, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body: Readable.toWeb(stream) as never, duplex: 'half', headers } as RequestInit)

async function digestOf(url: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of (await fetch(url)).body!) hash.update(piece)
  return hash.digest('hex')
}

/** The most memory that the server has had, in MiB. */
const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024

test(`memory stays flat while ${megabytes} MB go up, down, and up in parts`, { timeout: 600_000 }, async () => {
  // the first of everything takes memory that is not the artifact's
  await send(`${api}/artifacts/0/r/artifacts/small.bin`, content(20).stream)
  await digestOf(`${api}/artifacts/0/r/artifacts/small.bin`)
  const before = existsSync('/proc/self/status') ? peak() : undefined
  const seen: Record<string, number> = {}
  const measure = async (what: string, work: () => Promise<void>) => {
    const began = performance.now()
    await work()
    seen[`${what}, MB/s`] = Math.round((megabytes / (performance.now() - began)) * 1000)
    if (before !== undefined) seen[`${what}, MiB more at the peak`] = Math.round(peak() - before)
  }

  const whole = content(megabytes)
  await measure('up', async () => {
    expect((await send(`${api}/artifacts/0/r/artifacts/whole.bin`, whole.stream)).status).toBe(200)
  })
  const digest = whole.digest()
  await measure('down', async () => {
    expect(await digestOf(`${api}/artifacts/0/r/artifacts/whole.bin`)).toBe(digest)
  })

  const size = 50
  const begin = await fetch(`${api}/mpu/create/0/r/artifacts`, {
    method: 'POST',
    body: JSON.stringify({ path: 'parts.bin', num_parts: Math.ceil(megabytes / size) }),
  })
  const { upload_id, credentials } = (await begin.json()) as {
    upload_id: string
    credentials: { url: string; headers: Record<string, string> }[]
  }
  await measure('parts up', async () => {
    const parts = credentials.map((credential, i) => ({ ...credential, i }))
    await Promise.all(
      [0, 1, 2, 3].map(async () => {
        for (let next = parts.shift(); next; next = parts.shift()) {
          const { stream } = content(Math.min(size, megabytes - next.i * size), next.i * size)
          expect((await send(next.url, stream, next.headers)).status).toBe(200)
        }
      }),
    )
  })
  await measure('parts made one', async () => {
    const done = await fetch(`${api}/mpu/complete/0/r/artifacts`, {
      method: 'POST',
      body: JSON.stringify({ path: 'parts.bin', upload_id, parts: [] }),
    })
    expect([done.status, await done.text()]).toEqual([200, '{}'])
  })
  const same = await fetch(`${api}/artifacts/0/r/artifacts/parts.bin`, { method: 'HEAD' })
  expect(same.headers.get('etag')).toBe(`"${digest}"`)
  // the small one and the large one, which both uploads made
  const stored = readdirSync(join(directory, 'blobs', 'sha256'))
  expect(stored.flatMap((folder) => readdirSync(join(directory, 'blobs', 'sha256', folder)))).toHaveLength(2)

  if (process.env.KEDGE_TEST_LARGE_MB) console.log({ ...seen, 'MiB at the peak': Math.round(peak()) })
  if (before !== undefined) expect(peak() - before).toBeLessThan(150)
})
