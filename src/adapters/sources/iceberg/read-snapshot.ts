import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { KedgeError } from '../../../errors.ts'
import type { LakeFile } from '../lake-rows.ts'

interface Metadata {
  location: string
  'current-snapshot-id'?: number | string | null
  schemas?: { fields: { id: number; name: string }[] }[]
  snapshots?: { 'snapshot-id': string; 'timestamp-ms': number; 'manifest-list'?: string }[]
}

const refused = (what: string) =>
  new KedgeError(
    'source_unreadable',
    { source: '', what },
    { todo: 'Write the table anew without it, or read another snapshot.' },
  )
const bare = (path: string) => path.replace(/^file:(\/\/)?/, '').replace(/\/$/, '')

/** The files of an Iceberg table at a snapshot (the current one when absent), or as of a time (milliseconds since 1970), by its metadata. */
export async function readSnapshot(
  files: readonly string[],
  {
    snapshot,
    asOf,
    metadata: named,
  }: { snapshot?: string | undefined; asOf?: number | undefined; metadata?: string | undefined },
): Promise<{ snapshot: string; files: LakeFile[] }> {
  const byName = new Map(files.map((path) => [basename(path), path]))
  const number = (name: string) => Number(/^v?(\d+)/.exec(name)?.[1] ?? -1)
  const documents = [...byName.keys()]
    .filter((name) => name.endsWith('.metadata.json'))
    .sort((a, b) => number(a) - number(b))
  const document = named ?? documents.at(-1)
  const path = document === undefined ? undefined : byName.get(document)
  if (!path) throw refused(named ? `it has no metadata ${named}` : 'it has no Iceberg metadata')
  let table: Metadata
  try {
    // ids of snapshots are larger than a double holds
    table = JSON.parse(
      (await readFile(path, 'utf8')).replace(/("(?:current-)?snapshot-id"\s*:\s*)(-?\d+)/g, '$1"$2"'),
    ) as Metadata
  } catch {
    throw new KedgeError('source_unreadable', { source: '', what: `its metadata ${basename(path)} is no JSON` })
  }
  refuseRenamed(table)
  const snapshots = table.snapshots ?? []
  const found =
    asOf !== undefined
      ? snapshots.filter((one) => one['timestamp-ms'] <= asOf).sort((a, b) => b['timestamp-ms'] - a['timestamp-ms'])[0]
      : snapshots.find((one) => one['snapshot-id'] === (snapshot ?? String(table['current-snapshot-id'])))
  if (!found) {
    if (snapshot === undefined && asOf === undefined) return { snapshot: '', files: [] }
    throw new KedgeError(
      'not_found',
      { kind: 'The snapshot of the table', name: snapshot ?? new Date(asOf!).toISOString() },
      { todo: `It has ${snapshots.map((one) => one['snapshot-id']).join(', ') || 'none'}.` },
    )
  }
  const local = (given: string | undefined) => {
    const one = byName.get(basename(given ?? ''))
    if (!one) throw refused(`its metadata names ${basename(given ?? '(nothing)')}, which is not there`)
    return one
  }
  const root = `${bare(table.location)}/`
  const active: LakeFile[] = []
  for (const manifest of await readAvro<{ manifest_path: string; content?: number }>(local(found['manifest-list'])))
    for (const { status, data_file } of await readAvro<{
      status: number
      data_file: { content?: number; file_path: string; file_format: string }
    }>(local(manifest.manifest_path))) {
      if (status === 2) continue
      const name = bare(data_file.file_path)
      if (!name.startsWith(root) || name.split('/').includes('..'))
        throw refused(`the file ${name} is outside of its folder`)
      if ((data_file.content ?? 0) !== 0) throw refused(`rows are deleted by the file ${name.slice(root.length)}`)
      if (data_file.file_format.toUpperCase() !== 'PARQUET')
        throw refused(`the file ${name.slice(root.length)} is no Parquet`)
      active.push({ name: name.slice(root.length), partition: {} })
    }
  return { snapshot: found['snapshot-id'], files: active }
}

/** Files keep the names that columns had when they were written. */
function refuseRenamed({ schemas = [] }: Metadata) {
  const [names, ids] = [new Map<number, string>(), new Map<string, number>()]
  for (const { id, name } of schemas.flatMap(({ fields }) => fields)) {
    if ((names.get(id) ?? name) !== name) throw refused(`its column ${names.get(id)} was renamed to ${name}`)
    if ((ids.get(name) ?? id) !== id) throw refused(`its column ${name} was dropped and added again`)
    names.set(id, name)
    ids.set(name, id)
  }
}

async function readAvro<T>(path: string): Promise<T[]> {
  // with the first table: a server without one need not load it
  const { default: avro } = await import('avsc')
  const rows: T[] = []
  try {
    // a long that a double cannot hold is not among what is looked at
    const long = avro.types.LongType.__with({
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
      toBuffer: (value: bigint) => {
        const bytes = Buffer.alloc(8)
        bytes.writeBigInt64LE(value)
        return bytes
      },
      fromJSON: BigInt,
      toJSON: Number,
      isValid: (value: unknown) => typeof value === 'bigint',
      compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
    })
    const decoder = avro.createFileDecoder(path, {
      parseHook: (schema: unknown) =>
        avro.Type.forSchema(schema as never, { registry: { long } as never, wrapUnions: false }),
    } as never)
    for await (const row of decoder) rows.push(row as T)
    return rows
  } catch (cause) {
    throw new KedgeError(
      'source_unreadable',
      { source: '', what: `its metadata ${basename(path)} cannot be read` },
      { cause },
    )
  }
}
