import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blobKey } from '../../src/adapters/blobs/blob-key.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-artifacts-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe.each([
  ['SQLite', undefined],
  ['PostgreSQL', (clock: () => number) => openPostgres(postgres.url(), clock)],
])('artifacts on %s', (store, open) => {
  const folder = join(directory, store)
  let server: TrackingServer
  let late = 0
  const clock = () => Date.now() + late
  beforeAll(async () => {
    server = await startTrackingServer(folder, { ...(open ? { store: () => open(clock) } : {}), clock })
  })
  afterAll(() => server.stop())

  const api = () => `${server.address}/mlflow/files/api/2.0/mlflow-artifacts`
  const url = (path: string) => `${api()}/artifacts/${path}`
  const put = (path: string, body: Uint8Array | string) => fetch(url(path), { method: 'PUT', body: body as never })
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${api()}/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }
  const blobs = () =>
    readdirSync(join(folder, 'blobs', 'sha256')).flatMap((two) => readdirSync(join(folder, 'blobs', 'sha256', two)))

  it('answers ranges, with the digest as ETag', async () => {
    await put('0/r/artifacts/ten.txt', '0123456789')
    const get = async (headers: Record<string, string>, method = 'GET') => {
      const answer = await fetch(url('0/r/artifacts/ten.txt'), { headers, method })
      return [
        answer.status,
        await answer.text(),
        answer.headers.get('content-range'),
        answer.headers.get('content-length'),
      ]
    }
    const etag = (await fetch(url('0/r/artifacts/ten.txt'))).headers.get('etag')!
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/)
    expect(await get({ range: 'bytes=2-4' })).toEqual([206, '234', 'bytes 2-4/10', '3'])
    expect(await get({ range: 'bytes=8-' })).toEqual([206, '89', 'bytes 8-9/10', '2'])
    expect(await get({ range: 'bytes=-3' })).toEqual([206, '789', 'bytes 7-9/10', '3'])
    expect(await get({ range: 'bytes=5-900' })).toEqual([206, '56789', 'bytes 5-9/10', '5'])
    expect(await get({ range: 'bytes=0-1,4-5' })).toEqual([200, '0123456789', null, '10'])
    expect(await get({ range: 'bytes=5-2' })).toEqual([200, '0123456789', null, '10'])
    const [status, , range] = await get({ range: 'bytes=10-' })
    expect([status, range]).toEqual([416, 'bytes */10'])
    expect(await get({ range: 'bytes=2-4', 'if-range': etag })).toEqual([206, '234', 'bytes 2-4/10', '3'])
    expect(await get({ range: 'bytes=2-4', 'if-range': '"other"' })).toEqual([200, '0123456789', null, '10'])
    expect(await get({ 'if-none-match': etag })).toEqual([304, '', null, null])
    expect(await get({}, 'HEAD')).toEqual([200, '', null, '10'])
  })

  it('never answers bytes that are not what was stored', async () => {
    const content = randomBytes(300_000)
    await put('0/c/artifacts/whole.bin', content)
    const { digest } = await server.tracking.artifacts.find('files', '0/c/artifacts/whole.bin')
    const file = join(folder, 'blobs', blobKey(digest))
    const damaged = readFileSync(file)
    damaged[200_000]! ^= 1
    writeFileSync(file, damaged)
    await expect(fetch(url('0/c/artifacts/whole.bin')).then((answer) => answer.arrayBuffer())).rejects.toThrow()
    const part = await fetch(url('0/c/artifacts/whole.bin'), { headers: { range: 'bytes=0-9' } })
    expect([part.status, await part.json()]).toMatchObject([500, { error_code: 'INTERNAL_ERROR' }])
  })

  it('stores the same bytes in many runs once', async () => {
    const content = randomBytes(50_000)
    const before = blobs().length
    for (let run = 0; run < 20; run++) await put(`0/same${run}/artifacts/model.bin`, content)
    expect(blobs()).toHaveLength(before + 1)
    await fetch(url('0/same3/artifacts/model.bin'), { method: 'DELETE' })
    expect((await fetch(url('0/same3/artifacts/model.bin'))).status).toBe(404)
    expect(Buffer.from(await (await fetch(url('0/same4/artifacts/model.bin'))).arrayBuffer()).equals(content)).toBe(
      true,
    )
  })

  it('keeps nothing of an upload that is cut off', async () => {
    const before = blobs()
    const { hostname, port } = new URL(server.address)
    const socket = connect(Number(port), hostname)
    socket.write(
      'PUT /mlflow/files/api/2.0/mlflow-artifacts/artifacts/0/cut/artifacts/a.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n',
    )
    const unfinished = join(folder, 'blobs', 'unfinished')
    socket.write(randomBytes(400_000))
    await expect.poll(() => readdirSync(unfinished).length).toBe(1)
    socket.destroy()
    await once(socket, 'close')
    await expect.poll(() => readdirSync(unfinished).length).toBe(0)
    expect(blobs()).toEqual(before)
    expect((await fetch(url('0/cut/artifacts/a.bin'))).status).toBe(404)
  })

  const begin = async (parts: number, name = 'big.bin') =>
    (await post('mpu/create/0/m/artifacts', { path: `/home/me/${name}`, num_parts: parts })).body as {
      upload_id: string
      credentials: { url: string; part_number: number; headers: Record<string, string> }[]
    }
  const send = ({ url: to, headers }: { url: string; headers: Record<string, string> }, body: Uint8Array) =>
    fetch(to, { method: 'PUT', body: body as never, headers })

  it('takes an upload in parts, in any order, and again where one failed', async () => {
    const before = blobs().length
    const pieces = [randomBytes(70_000), randomBytes(70_000), randomBytes(10)]
    const upload = await begin(3)
    expect(upload.credentials.map((one) => one.part_number)).toEqual([1, 2, 3])
    const etags: string[] = []
    for (const i of [2, 0]) etags[i] = (await send(upload.credentials[i]!, pieces[i]!)).headers.get('etag')!
    await send(upload.credentials[1]!, randomBytes(500))
    const told = () => etags.map((etag, i) => ({ part_number: i + 1, etag, url: 'ignored' }))
    etags[1] = etags[0]!
    const complete = () =>
      post('mpu/complete/0/m/artifacts', { path: '/home/me/big.bin', upload_id: upload.upload_id, parts: told() })
    expect(await complete()).toMatchObject({ status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE' } })
    etags[1] = (await send(upload.credentials[1]!, pieces[1]!)).headers.get('etag')!
    const { headers } = upload.credentials[0]!
    const listed = await fetch(`${api()}/mpu/parts/${upload.upload_id}`, { headers })
    expect(((await listed.json()) as { parts: unknown[] }).parts).toEqual(
      pieces.map((piece, i) => ({ part_number: i + 1, etag: etags[i], bytes: piece.length })),
    )
    expect((await fetch(url('0/m/artifacts/big.bin'))).status).toBe(404)
    expect(await complete()).toEqual({ status: 200, body: {} })
    expect(await complete()).toEqual({ status: 200, body: {} })
    const got = Buffer.from(await (await fetch(url('0/m/artifacts/big.bin'))).arrayBuffer())
    expect(got.equals(Buffer.concat(pieces))).toBe(true)
    // the parts are gone
    expect(blobs()).toHaveLength(before + 1)
    expect((await send(upload.credentials[0]!, pieces[0]!)).status).toBe(400)
  })

  it('refuses parts without the key, parts that are missing, and what it does not know', async () => {
    const upload = await begin(2, 'x.bin')
    const [first] = upload.credentials
    expect((await send({ url: first!.url, headers: {} }, randomBytes(3))).status).toBe(401)
    expect((await send({ url: first!.url, headers: { 'x-kedge-upload-key': 'guess' } }, randomBytes(3))).status).toBe(
      401,
    )
    expect((await send({ ...first!, url: first!.url.replace(/1$/, '3') }, randomBytes(3))).status).toBe(400)
    await send(first!, randomBytes(3))
    const ends = { path: 'x.bin', upload_id: upload.upload_id, parts: [] }
    expect((await post('mpu/complete/0/m/artifacts', ends)).status).toBe(400)
    expect((await post('mpu/complete/0/elsewhere/artifacts', ends)).status).toBe(400)
    expect((await post('mpu/complete/0/m/artifacts', { ...ends, upload_id: 'none' })).status).toBe(404)
    for (const bad of ['../x', '0/../../x', '%2e%2e/x'])
      expect((await post(`mpu/create/${encodeURIComponent(bad)}`, { path: 'a', num_parts: 1 })).status).toBe(400)
    expect((await post('mpu/create/0', { path: '..', num_parts: 1 })).status).toBe(400)
    for (const parts of [0, -1, 10_001])
      expect((await post('mpu/create/0', { path: 'a', num_parts: parts })).status).toBe(400)
    expect((await fetch(`${api()}/presigned/0/m/artifacts/big.bin`)).status).toBe(501)
  })

  it('keeps nothing of uploads that were aborted or abandoned', async () => {
    const before = blobs().length
    const aborted = await begin(2, 'aborted.bin')
    await send(aborted.credentials[0]!, randomBytes(1000))
    const left = await begin(2, 'left.bin')
    await send(left.credentials[0]!, randomBytes(1000))
    expect(blobs()).toHaveLength(before + 2)
    await post('mpu/abort/0/m/artifacts', { path: 'aborted.bin', upload_id: aborted.upload_id })
    expect(blobs()).toHaveLength(before + 1)
    late = 25 * 3_600_000
    const uploads = () => server.store.read.selectFrom('artifact_uploads').selectAll().execute()
    await expect.poll(uploads, { timeout: 15_000 }).toEqual([])
    // and the part of the one before
    await expect.poll(() => blobs().length).toBe(before - 1)
    late = 0
  })

  it("takes large files in parts from MLflow's own client, which asks the server whether it may", async () => {
    const python = await pythonEnvironment(new URL('./requirements.lock', import.meta.url).pathname)
    const output = await runPython(
      python,
      `
import os, tempfile, mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
parts = []
send = HttpArtifactRepository._upload_part
HttpArtifactRepository._upload_part = staticmethod(lambda credential, *a, **k: (parts.append(credential.part_number), send(credential, *a, **k))[1])
content = os.urandom(3_500_000)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "large.bin")
    open(path, "wb").write(content)
    with mlflow.start_run() as run:
        mlflow.log_artifact(path, "deep/er")
down = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="deep/er/large.bin")
print(sorted(parts), open(down, "rb").read() == content)
`,
      {
        MLFLOW_TRACKING_URI: `${server.address}/mlflow/files`,
        MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: '1000000',
        MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: '1000000',
      },
    )
    expect(output.trim().split('\n').at(-1)).toBe('[1, 2, 3, 4] True')
  }, 600_000)
})
