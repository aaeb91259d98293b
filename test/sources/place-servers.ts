import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startAzurite } from '../servers/azurite.ts'
import { startGcs } from '../servers/gcs.ts'
import { startS3 } from '../servers/s3.ts'
import { sshdObstacle, startSshd } from '../servers/sshd.ts'

/** A real server with files of a test on it. */
export interface PlaceServer {
  /** address of a file, or pattern */
  url(name: string): string
  access: Record<string, unknown>
  /** stored secrets by name */
  secrets: Record<string, string>
  put(name: string, bytes: Buffer | string): Promise<void>
  remove(name: string): Promise<void>
  stop(): Promise<void>
}

/** Every place that lists; undefined where its server cannot be had. `folder`: of the test. */
export const placeServers: Record<string, (folder: string) => Promise<PlaceServer | undefined>> = {
  async s3() {
    const server = await startS3('lake')
    const { endpoint, accessKeyId, secretAccessKey } = server
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    await client.send(new CreateBucketCommand({ Bucket: 'lake' })).catch(() => {})
    return {
      url: (name) => `s3://lake/data/${name}`,
      access: { endpoint, key_id: accessKeyId, secret_key: { secret: 's3-key' } },
      secrets: { 's3-key': secretAccessKey },
      async put(name, bytes) {
        await client.send(new PutObjectCommand({ Bucket: 'lake', Key: `data/${name}`, Body: bytes }))
      },
      async remove(name) {
        await client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: `data/${name}` }))
      },
      async stop() {
        client.destroy()
        await server.stop()
      },
    }
  },

  async sftp(folder) {
    if (sshdObstacle) return undefined
    const server = await startSshd()
    const home = join(folder, 'sftp')
    return {
      url: (name) => `sftp://127.0.0.1:${server.port}${home}/${name}`,
      access: { user: server.user, host_key: server.hostKey, private_key: { secret: 'sftp-key' } },
      secrets: { 'sftp-key': server.privateKey },
      async put(name, bytes) {
        mkdirSync(dirname(join(home, name)), { recursive: true })
        writeFileSync(join(home, `${name}.new`), bytes)
        renameSync(join(home, `${name}.new`), join(home, name))
      },
      async remove(name) {
        rmSync(join(home, name))
      },
      stop: server.stop,
    }
  },

  async azure() {
    const server = await startAzurite()
    if (!server) return undefined
    const { endpoint, account, accountKey } = server
    const send = async (method: string, path: string, query: Record<string, string>, bytes?: Buffer) => {
      const headers: Record<string, string> = {
        'x-ms-date': new Date().toUTCString(),
        'x-ms-version': '2023-11-03',
        ...(bytes ? { 'x-ms-blob-type': 'BlockBlob' } : {}),
      }
      const own = Object.keys(headers)
        .sort()
        .map((name) => `${name}:${headers[name]}`)
      const asked = Object.entries(query).map(([name, value]) => `\n${name}:${value}`)
      const url = new URL(`${endpoint}${path}`)
      url.search = new URLSearchParams(query).toString()
      const length = bytes?.length ? String(bytes.length) : ''
      const text = [
        ...[method, '', '', length, '', '', '', '', '', '', '', ''],
        ...own,
        `/${account}${url.pathname}${asked.join('')}`,
      ]
      const signed = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text.join('\n')).digest('base64')
      const answer = await fetch(url, {
        method,
        headers: { ...headers, authorization: `SharedKey ${account}:${signed}` },
        ...(bytes ? { body: new Uint8Array(bytes) } : {}),
      })
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    }
    await send('PUT', '/lake', { restype: 'container' })
    const path = (name: string) => `/lake/data/${name.split('/').map(encodeURIComponent).join('/')}`
    return {
      url: (name) => `az://lake/data/${name}`,
      access: { endpoint, account, account_key: { secret: 'azure-key' } },
      secrets: { 'azure-key': accountKey },
      put: (name, bytes) => send('PUT', path(name), {}, Buffer.from(bytes as Buffer)),
      remove: (name) => send('DELETE', path(name), {}),
      stop: server.stop,
    }
  },

  async gcs() {
    const server = await startGcs('lake')
    if (!server) return undefined
    return {
      url: (name) => `gs://lake/data/${name}`,
      access: { endpoint: server.endpoint },
      secrets: {},
      put: (name, bytes) => server.put(`data/${name}`, bytes),
      remove: (name) => server.remove(`data/${name}`),
      stop: server.stop,
    }
  },
}

/** What one answer of the server below does with the file. */
export type Mood =
  | { status: number; headers?: Record<string, string> }
  /** ends the connection after so many bytes of the answer */
  | { breakAfter: number }
  /** says nothing more after so many bytes */
  | { hangAfter: number }
  | 'well'

/** A server of one file that answers as it is told, one mood a request, then well; it knows ranges and ETags. */
export async function startMoody(file: string, moods: Mood[]) {
  const asked: { range: string | undefined; status: number }[] = []
  const state = { body: readFileSync(file), etag: '"1"', ranges: true }
  const server = createServer((request, response) => {
    const mood = moods.shift() ?? 'well'
    const { body, etag, ranges } = state
    const from = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
    const start = from && same ? Number(from[1]) : 0
    const status = typeof mood === 'object' && 'status' in mood ? mood.status : start > 0 ? 206 : 200
    asked.push({ range: request.headers.range, status })
    if (typeof mood === 'object' && 'status' in mood) {
      response.writeHead(status, mood.headers).end('no')
      return
    }
    const sent = body.subarray(start)
    response.writeHead(status, {
      etag,
      'content-length': sent.length,
      ...(status === 206 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    })
    if (mood === 'well') response.end(sent)
    else {
      const most = 'breakAfter' in mood ? mood.breakAfter : mood.hangAfter
      response.write(sent.subarray(0, most), () => 'breakAfter' in mood && setImmediate(() => response.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/file.csv`,
    asked,
    state,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
