import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import {
  addressParts,
  type FilePlace,
  type FilePlaceDefinition,
  type PlacedFile,
  shownAddress,
} from '../../contracts/file-place.ts'
import type { LocalFiles, SecretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { documentDigest } from '../document-digest.ts'
import type { AddressGuard } from './address-guard.ts'
import { fetchFile } from './fetch-file.ts'
import { checkName, linkTree } from './file-tree.ts'
import { createGuardedRequests } from './guarded-requests.ts'
import { checkPattern, matcher, mostFiles, splitPattern } from './list-files.ts'
import { partitionsOf } from './partitions.ts'
import { persistent, usualPauses } from './persistence.ts'

export interface PlaceFilesOptions {
  /** for copies */
  folder: string
  places: readonly FilePlaceDefinition[]
  guard: AddressGuard
  secret(project: string, name: string): Promise<string>
  /** bytes of one file */
  limit?: number
  /** milliseconds without a byte */
  patience?: number
  /** milliseconds between attempts */
  pauses?: readonly number[]
}

export interface PlacedAt {
  url: string
  access?: Record<string, unknown> | undefined
}

export interface PlaceFiles {
  /** Copies of what is behind an address, which may be a pattern when `many`; only what changed is fetched again. */
  fetch(project: string, at: PlacedAt, many: boolean, signal?: AbortSignal): Promise<LocalFiles>
}

/** What is known of a copied file. */
interface Copy {
  version: string | null
  bytes: number
  digest: string
}

interface CopyRecord {
  /** folder of the copies */
  tree: string
  files: Record<string, Copy>
}

/** How long copies stay for those who still read them, in milliseconds. */
const readingTime = 3_600_000
const atOnce = 8

/** The files behind addresses as local copies, a folder of links for each state that a place was seen in. */
export function createPlaceFiles({
  folder,
  places,
  guard,
  secret,
  limit = 50 * 2 ** 30,
  patience = 30_000,
  pauses = usualPauses,
}: PlaceFilesOptions): PlaceFiles {
  const inFlight = new Map<string, Promise<LocalFiles>>()

  async function open(project: string, { url, access = {} }: PlacedAt, signal: AbortSignal | undefined) {
    const address = addressParts(url)
    const place = places.find(({ schemes }) => address && schemes.includes(address.scheme))
    if (!address || !place)
      throw new KedgeError('invalid_input', {
        what: `The address ${shownAddress(url)} is none of ${places.map(({ form }) => form).join(', ')}`,
      })
    const requests = createGuardedRequests(guard, { patience, signal })
    const opened = await place.open(address, access, {
      request: requests.request,
      checkedHost: guard.check,
      secret: (reference: SecretReference) => secret(project, reference.secret),
      persistent: (work) => persistent(work, pauses, signal),
      signal,
    })
    const close = async () => {
      await opened.close?.()
      await requests.close()
    }
    return { opened, address, close }
  }

  async function refresh(project: string, at: PlacedAt, many: boolean, signal?: AbortSignal): Promise<LocalFiles> {
    const id = documentDigest([project, at.url, at.access ?? {}]).slice(0, 32)
    const home = join(folder, id)
    await mkdir(home, { recursive: true })
    const before = await readRecord(home)
    const { opened, address, close } = await open(project, at, signal)
    const shown = shownAddress(at.url)
    const pattern = many && opened.list ? splitPattern(address.key) : undefined
    const part = join(home, `${randomUUID()}.part`)
    try {
      await mkdir(part)
      const copies = pattern
        ? await fetchMany(opened, { ...pattern, shown, before, home, part, signal })
        : await fetchOne(opened, address.key, { shown, before, home, part, signal })
      const now = await keep(home, before, copies)
      const tree = join(home, now.tree)
      const whole = documentDigest(Object.entries(now.files).map(([name, { digest }]) => [name, digest]))
      const names = Object.keys(now.files).sort()
      if (!pattern) return { path: join(tree, names[0]!), digest: async () => now.files[names[0]!]!.digest }
      return {
        path: join(tree, pattern.rest),
        pattern: {
          folder: tree,
          files: names.map((name) => join(tree, name)),
          digestOf: async (file) => now.files[relative(tree, file)]!.digest,
          // files that are no rows need not fit each other
          get partitions() {
            return partitionsOf(names, shown)
          },
        },
        digest: async () => whole,
      }
    } finally {
      await rm(part, { recursive: true, force: true })
      await close()
    }
  }

  interface Fetch {
    shown: string
    before: CopyRecord | undefined
    home: string
    /** folder for what is being fetched */
    part: string
    signal: AbortSignal | undefined
  }
  type Fetched = Map<string, Copy & { from: string }>

  async function fetchOne(
    place: FilePlace,
    key: string,
    { shown, before, home, part, signal }: Fetch,
  ): Promise<Fetched> {
    const name = plainName(key)
    const known = before?.files[name]
    const to = join(part, '0')
    const found = await fetchFile(place, key, { to, shown, known: known?.version ?? undefined, limit, pauses, signal })
    if (found) return new Map([[name, { ...found, from: to }]])
    return new Map([[name, { ...known!, from: join(home, before!.tree, name) }]])
  }

  async function fetchMany(
    place: FilePlace,
    { folder: within, rest, shown, before, home, part, signal }: Fetch & { folder: string; rest: string },
  ): Promise<Fetched> {
    checkPattern(rest, shown)
    const prefix = within === '.' ? '' : `${within}/`
    const wanted = matcher(rest)
    // what is literal before the first sign of a pattern makes lists shorter
    const literal = /^[^*?{]*/.exec(rest)![0]
    const found = await persistent(
      async () => {
        const files: (PlacedFile & { name: string })[] = []
        for await (const file of place.list!(prefix + literal)) {
          signal?.throwIfAborted()
          const name = file.key.slice(prefix.length)
          if (!file.key.startsWith(prefix) || !wanted.test(name)) continue
          checkName(name, shown)
          files.push({ ...file, name })
          if (files.length > mostFiles)
            throw new KedgeError('too_large', { what: `The pattern ${shown}`, limit: `${mostFiles} files` })
        }
        return files
      },
      pauses,
      signal,
    )
    if (found.length === 0)
      throw new KedgeError(
        'not_found',
        { kind: 'A file for the pattern', name: shown },
        { todo: 'Check the pattern and whether the access may list.' },
      )
    const copies: Fetched = new Map()
    let next = 0
    const work = async () => {
      for (let i = next++; i < found.length; i = next++) {
        const { key, name, version } = found[i]!
        const known = before?.files[name]
        if (known && known.version === version) copies.set(name, { ...known, from: join(home, before!.tree, name) })
        else {
          const to = join(part, String(i))
          const one = await fetchFile(place, key, { to, shown: `${shown}: ${name}`, limit, pauses, signal })
          copies.set(name, { ...one!, from: to })
        }
      }
    }
    const workers = Array.from({ length: Math.min(atOnce, found.length) }, work)
    // the others end before their folder goes
    const ends = await Promise.allSettled(workers)
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    return new Map(found.map(({ name }) => [name, copies.get(name)!]))
  }

  return {
    fetch(project, at, many, signal) {
      const key = documentDigest([project, at.url, at.access ?? {}, many])
      const running = inFlight.get(key)
      if (running) return running
      const started = refresh(project, at, many, signal).finally(() => inFlight.delete(key))
      inFlight.set(key, started)
      return started
    },
  }
}

async function readRecord(home: string): Promise<CopyRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(home, 'copies.json'), 'utf8')) as CopyRecord
    await stat(join(home, record.tree))
    return record
  } catch {
    return undefined
  }
}

/** Puts copies into a folder of their own, unless all are those of before. */
async function keep(
  home: string,
  before: CopyRecord | undefined,
  copies: Map<string, Copy & { from: string }>,
): Promise<CopyRecord> {
  const files = Object.fromEntries(
    [...copies].map(([name, { version, bytes, digest }]) => [name, { version, bytes, digest }]),
  )
  const tree = createHash('sha256')
    .update(JSON.stringify([...copies].map(([name, { digest }]) => [name, digest]).sort()))
    .digest('hex')
    .slice(0, 24)
  const now: CopyRecord = { tree, files }
  if (before?.tree !== tree)
    await linkTree(
      join(home, tree),
      [...copies].map(([name, { from }]) => ({ name, from })),
    )
  const record = join(home, 'copies.json')
  const temporary = `${record}.${randomUUID()}`
  await writeFile(temporary, JSON.stringify(now), { flush: true })
  await rename(temporary, record)
  const time = new Date()
  // a folder that is replaced now is in use for a while
  if (before && before.tree !== tree) await utimes(join(home, before.tree), time, time).catch(() => {})
  for (const name of await readdir(home)) {
    if (!/^[0-9a-f]{24}$/.test(name) || name === tree) continue
    const found = await stat(join(home, name)).catch(() => undefined)
    if (found && time.getTime() - found.mtimeMs > readingTime)
      await rm(join(home, name), { recursive: true, force: true })
  }
  return now
}

/** A name for a copy; the engine tells compression by its ending, and would take some signs for a pattern. */
const plainName = (key: string) => {
  const last = decodeQuietly(
    key
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) ?? '',
  )
  const plain = last.replace(/[^\w.-]+/g, '_').slice(-100)
  return /^\.*$/.test(plain) ? 'file' : plain
}

const decodeQuietly = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
