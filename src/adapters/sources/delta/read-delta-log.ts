import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Column, ColumnType } from '../../../contracts/column.ts'
import { KedgeError } from '../../../errors.ts'
import type { LakeFile } from '../lake-rows.ts'

interface Action {
  add?: { path: string; partitionValues?: Record<string, string | null>; deletionVector?: object | null } | null
  remove?: { path: string } | null
  metaData?: { schemaString: string; partitionColumns?: string[]; configuration?: Record<string, string> } | null
  protocol?: { minReaderVersion: number; readerFeatures?: string[] | null } | null
  commitInfo?: { timestamp?: number } | null
}

export interface DeltaSnapshot {
  version: number
  files: LakeFile[]
  partitions: Column[]
}

/** What a reader may meet and is read right: rows that are deleted within files, and other names in them, are refused where they are in use. */
const readFeatures = new Set(['columnMapping', 'deletionVectors', 'timestampNtz', 'vacuumProtocolCheck'])
const types: Record<string, ColumnType> = {
  integer: 'int',
  long: 'int',
  short: 'int',
  byte: 'int',
  float: 'float',
  double: 'float',
  boolean: 'bool',
  date: 'date',
  timestamp: 'time',
  timestamp_ntz: 'time',
}

const refused = (what: string) =>
  new KedgeError(
    'source_unreadable',
    { source: '', what },
    { todo: 'Write the table anew without it, or read another version.' },
  )

/** The files of a Delta table at a version (the newest when absent), or as of a time (milliseconds since 1970), by its log. */
export async function readDeltaLog(
  logs: readonly string[],
  { version, asOf }: { version?: number | undefined; asOf?: number | undefined },
): Promise<DeltaSnapshot> {
  const commits = new Map<number, string>()
  const checkpoints = new Map<number, string[]>()
  for (const path of logs) {
    const commit = /^(\d{20})\.json$/.exec(basename(path))
    const checkpoint = /^(\d{20})\.checkpoint(?:\.\d+\.\d+)?\.parquet$/.exec(basename(path))
    if (commit) commits.set(Number(commit[1]), path)
    if (checkpoint) checkpoints.set(Number(checkpoint[1]), [...(checkpoints.get(Number(checkpoint[1])) ?? []), path])
  }
  const newest = Math.max(-1, ...commits.keys(), ...checkpoints.keys())
  if (newest < 0) throw refused('it has no Delta log')
  let wanted = version ?? newest
  if (asOf !== undefined) {
    wanted = -1
    for (const [number, path] of [...commits].sort(([a], [b]) => a - b)) {
      const time = (await readCommit(path)).find(({ commitInfo }) => commitInfo?.timestamp !== undefined)?.commitInfo
        ?.timestamp
      if (time !== undefined && time <= asOf) wanted = number
    }
  }
  if (wanted < 0 || wanted > newest || (!commits.has(wanted) && !checkpoints.has(wanted)))
    throw new KedgeError(
      'not_found',
      { kind: 'The version of the table', name: asOf === undefined ? String(wanted) : new Date(asOf).toISOString() },
      { todo: `Its newest version is ${newest}.` },
    )

  const start = Math.max(-1, ...[...checkpoints.keys()].filter((number) => number <= wanted))
  const active = new Map<string, NonNullable<Action['add']>>()
  let metadata: Action['metaData']
  const apply = ({ add, remove, metaData, protocol }: Action) => {
    if (protocol) checkProtocol(protocol)
    if (metaData) metadata = metaData
    if (remove) active.delete(remove.path)
    if (add) active.set(add.path, add)
  }
  for (const path of checkpoints.get(start) ?? []) for (const action of await readCheckpoint(path)) apply(action)
  for (let number = start + 1; number <= wanted; number++) {
    const path = commits.get(number)
    if (!path) throw refused(`its log lacks version ${number}`)
    for (const action of await readCommit(path)) apply(action)
  }
  if (!metadata) throw refused('its log says nothing about columns')
  const mapping = metadata.configuration?.['delta.columnMapping.mode'] ?? 'none'
  if (mapping !== 'none') throw refused(`its columns have other names in its files (column mapping ${mapping})`)
  const fields = (JSON.parse(metadata.schemaString) as { fields: { name: string; type: unknown }[] }).fields
  const partitions = (metadata.partitionColumns ?? []).map((name) => ({
    name,
    type: types[String(fields.find((field) => field.name === name)?.type)] ?? ('text' as const),
  }))
  const files = [...active.values()].map(({ path, partitionValues = {}, deletionVector }) => {
    const name = decodeURIComponent(path)
    if (deletionVector) throw refused(`rows of ${name} are deleted by a deletion vector`)
    if (/^[a-z][a-z0-9+.-]*:|^\/|(^|\/)\.\.(\/|$)/i.test(name))
      throw refused(`the file ${name} is outside of its folder`)
    return { name, partition: partitionValues }
  })
  return { version: wanted, files, partitions }
}

function checkProtocol({ minReaderVersion, readerFeatures }: NonNullable<Action['protocol']>) {
  const unknown = (readerFeatures ?? []).filter((feature) => !readFeatures.has(feature))
  if (minReaderVersion > 3 || unknown.length > 0)
    throw refused(`it asks of readers ${unknown.join(', ') || `version ${minReaderVersion}`}`)
}

async function readCommit(path: string): Promise<Action[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line) as Action]
    } catch {
      throw new KedgeError('source_unreadable', {
        source: '',
        what: `line ${i + 1} of ${basename(path)} in its log is no JSON`,
      })
    }
  })
}

async function readCheckpoint(path: string): Promise<Action[]> {
  const [{ asyncBufferFromFile, parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ])
  try {
    return (await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors })) as Action[]
  } catch (cause) {
    throw new KedgeError(
      'source_unreadable',
      { source: '', what: `the checkpoint ${basename(path)} of its log cannot be read` },
      { cause },
    )
  }
}
