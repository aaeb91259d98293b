import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Agent, fetch } from 'undici'
import type { LocalFile } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { AddressGuard } from './address-guard.ts'

export interface Downloads {
  /** The bytes behind an http(s) address as a local file; asks the server first whether the copy is still good. */
  fetch(url: string, signal?: AbortSignal): Promise<LocalFile>
}

export interface DownloadOptions {
  folder: string
  guard: AddressGuard
  /** bytes of one file */
  limit?: number
  /** milliseconds without a byte */
  patience?: number
}

interface Copy {
  url: string
  file: string
  digest: string
  etag: string | null
  lastModified: string | null
}

const mostRedirects = 5

/** Downloads into `folder`, one copy for each address, under its digest. */
export function createDownloads({
  folder,
  guard,
  limit = 50 * 2 ** 30,
  patience = 30_000,
}: DownloadOptions): Downloads {
  const inFlight = new Map<string, Promise<LocalFile>>()
  const asFile = (copy: Copy): LocalFile => ({ path: join(folder, copy.file), digest: async () => copy.digest })

  async function known(record: string): Promise<Copy | undefined> {
    try {
      const copy = JSON.parse(await readFile(record, 'utf8')) as Copy
      await stat(join(folder, copy.file))
      return copy
    } catch {
      return undefined
    }
  }

  async function refresh(url: string, signal?: AbortSignal): Promise<LocalFile> {
    await mkdir(folder, { recursive: true })
    const id = createHash('sha256').update(url).digest('hex').slice(0, 32)
    const record = join(folder, `${id}.json`)
    const copy = await known(record)
    const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'kedge' }
    if (copy?.etag) headers['if-none-match'] = copy.etag
    else if (copy?.lastModified) headers['if-modified-since'] = copy.lastModified
    const { response, close } = await follow(url, headers, signal)
    const part = join(folder, `${randomUUID()}.part`)
    try {
      if (copy && response.status === 304) return asFile(copy)
      if (!response.ok || !response.body) throw refusal(url, response.status)
      const hash = createHash('sha256')
      let bytes = 0
      const count = new Transform({
        transform(piece: Buffer, _, done) {
          hash.update(piece)
          bytes += piece.length
          done(
            bytes > limit
              ? new KedgeError('too_large', { what: `What ${shown(url)} sends`, limit: `${limit} bytes` })
              : null,
            piece,
          )
        },
      })
      await pipeline(
        Readable.fromWeb(response.body as never),
        count,
        createWriteStream(part, { flush: true }),
        ...(signal ? [{ signal }] : []),
      )
      const announced = response.headers.get('content-length')
      if (announced !== null && Number(announced) !== bytes)
        throw new KedgeError('source_unreachable', {
          source: shown(url),
          what: `the connection ended after ${bytes} of ${announced} bytes`,
        })
      const digest = hash.digest('hex')
      const file = `${id}-${digest.slice(0, 16)}${endingOf(url)}`
      await rename(part, join(folder, file))
      const fresh: Copy = {
        url: shown(url),
        file,
        digest,
        etag: response.headers.get('etag'),
        lastModified: response.headers.get('last-modified'),
      }
      await writeFile(`${record}.new`, JSON.stringify(fresh), { flush: true })
      await rename(`${record}.new`, record)
      if (copy && copy.file !== file) await rm(join(folder, copy.file), { force: true })
      return asFile(fresh)
    } catch (error) {
      throw networkError(url, error, signal)
    } finally {
      await rm(part, { force: true })
      await close()
    }
  }

  /** Every hop is guarded; the connection goes to the address that was checked, whatever the name says then. */
  async function follow(first: string, headers: Record<string, string>, signal?: AbortSignal) {
    let url = new URL(first)
    for (let hop = 0; hop <= mostRedirects; hop++) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new KedgeError('source_refused', { source: shown(first), what: `it leads to ${url.protocol}` })
      if (url.username || url.password)
        throw new KedgeError('source_refused', { source: shown(first), what: 'an address may not hold a password' })
      const address = await guard.check(url.hostname)
      const family = isIP(address)
      const agent = new Agent({
        headersTimeout: patience,
        bodyTimeout: patience,
        connect: {
          timeout: Math.min(patience, 10_000),
          lookup: (_, options, done) => {
            if (options.all) done(null, [{ address, family }])
            else done(null, address, family)
          },
        },
      })
      try {
        const response = await fetch(url, {
          headers,
          redirect: 'manual',
          dispatcher: agent,
          ...(signal ? { signal } : {}),
        })
        const location = response.headers.get('location')
        if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null)
          return { response, close: () => agent.close() }
        await response.body?.cancel()
        await agent.close()
        url = new URL(location, url)
      } catch (error) {
        await agent.destroy()
        throw networkError(first, error, signal)
      }
    }
    throw new KedgeError('source_refused', {
      source: shown(first),
      what: `it redirects more than ${mostRedirects} times`,
    })
  }

  return {
    fetch(url, signal) {
      const running = inFlight.get(url)
      if (running) return running
      const started = refresh(url, signal).finally(() => inFlight.delete(url))
      inFlight.set(url, started)
      return started
    },
  }
}

/** An address without user, password and query, which may hold secrets. */
const shown = (url: string) => {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

/** The engine tells compression by the name's ending. */
const endingOf = (url: string) => /(\.\w{1,8}){1,2}$/.exec(new URL(url).pathname.split('/').at(-1) ?? '')?.[0] ?? ''

function refusal(url: string, status: number): KedgeError {
  if (status === 404 || status === 410) return new KedgeError('not_found', { kind: 'The file', name: shown(url) })
  if (status === 429 || status >= 500)
    return new KedgeError('source_unreachable', { source: shown(url), what: `it answers with status ${status}` })
  return new KedgeError('source_refused', { source: shown(url), what: `it answers with status ${status}` })
}

function networkError(url: string, error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof KedgeError) return error
  if (signal?.aborted) return new KedgeError('cancelled', { what: 'The download' }, { cause: error })
  const cause = (error as { cause?: { code?: string; message?: string } } | null)?.cause
  const code = cause?.code ?? (error as { code?: string } | null)?.code
  if (code === 'ENOSPC') return error
  if (cause || (typeof code === 'string' && /^(UND_|E[A-Z]+|ERR_STREAM_PREMATURE)/.test(code)))
    return new KedgeError(
      'source_unreachable',
      { source: shown(url), what: code ?? cause?.message ?? 'the connection failed' },
      { cause: error },
    )
  return error
}
