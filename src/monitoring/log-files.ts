import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { takeActualsOf } from './actuals-file.ts'
import type { Ingest } from './ingest.ts'
import { type ColumnPlan, type ColumnRoles, planColumns, type ReadColumn } from './log-columns.ts'
import type { ExternalEndpoints } from './log-endpoints.ts'
import {
  checkFile,
  type Fields,
  fieldsOf,
  type OpenedLog,
  rowsOfPart,
  versionsIn,
  writePredictions,
} from './log-file.ts'
import type { LoggedReferences, ReferenceOrigin } from './log-references.ts'
import { type FileFormat, openTableFile } from './log-table.ts'
import type { LoggedVersions } from './log-versions.ts'
import { markPredictions } from './mark-predictions.ts'
import type { EndpointKey } from './stale.ts'

export const logKinds = ['predictions', 'actuals', 'reference'] as const
export type LogKind = (typeof logKinds)[number]

export interface LocalFile {
  /** on this machine */
  path: string
  /** SHA-256 of its bytes, hex */
  digest: string
  format: FileFormat
}

/** How a file is to be read. */
export interface LogReading {
  /** `columns`: only its columns are looked at */
  kind: LogKind | 'columns'
  columns: ColumnRoles
  /** the version of all its rows; of a reference whose it is, '' for all versions without one of their own */
  version?: string | undefined
  /** where the rows of a reference come from; the file itself when absent */
  origin?: ReferenceOrigin | undefined
}

export interface LoggedFile {
  rows: number
  actuals: number
  /** actuals whose prediction has not come yet */
  unknown: number
  /** actuals that are new or another than before */
  changed: number
  /** parts that were taken before, and were not taken again */
  again: number
}

type Part = Omit<LoggedFile, 'again'>

export interface LogFilesDependencies {
  environment: Environment
  ingest: Ingest
  /** the SQL engine over files of this machine */
  engine: EventsStore
  endpoints: ExternalEndpoints
  versions: LoggedVersions
  references: LoggedReferences
}

/** Whole files of predictions, actuals or reference rows. A file may be sent again at any time: what was taken is not taken twice. */
export function createLogFiles(deps: LogFilesDependencies) {
  const { environment, ingest, engine, endpoints, versions, references } = deps
  const { store, journal, jobs, clock, dataDirectory } = environment
  const parent = join(dataDirectory, 'tmp', 'log')

  /** Opens a file with its columns; what `work` writes into the folder is thrown away. */
  async function open<T>(
    key: EndpointKey,
    file: LocalFile,
    reading: LogReading,
    work: (log: OpenedLog, folder: string) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const folder = join(parent, randomUUID())
    await mkdir(folder, { recursive: true })
    try {
      const copy = join(folder, 'rows.parquet')
      const table = await openTableFile(engine, { ...file, copy, ...(signal ? { signal } : {}) })
      const plan = planColumns(table.columns, reading.columns)
      const spec = (await endpoints.find(key))?.spec
      requireColumns(plan, reading.kind)
      refuseOtherFeatures(plan, reading.kind, spec?.features)
      return await work({ file: table, plan, spec, digest: file.digest, receivedAt: clock() }, folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async function partsTaken({ project, endpoint }: EndpointKey, digest: string) {
    const rows = await store.read
      .selectFrom('logged_files')
      .select(['part', 'result'])
      .where('project', '=', project)
      .where('endpoint', '=', endpoint)
      .where('digest', '=', digest)
      .execute()
    return new Map(rows.map((row) => [row.part, fromJson<Part>(row.result)]))
  }

  interface Taking {
    context: ChangeContext
    key: EndpointKey
    log: OpenedLog
    fields: Fields
    reading: LogReading
    progress: ((text: string) => void) | undefined
    signal: AbortSignal | undefined
  }

  async function takeRows({ context, key, log, fields, reading, progress, signal }: Taking): Promise<LoggedFile> {
    const digest = readingDigest(log, reading)
    const taken = await partsTaken(key, digest)
    const again = taken.size
    const count = Math.ceil(log.file.rows / rowsOfPart)
    const isActuals = reading.kind === 'actuals'
    if (again < count) await checkFile(engine, log, fields, isActuals ? 'actuals' : 'predictions')
    const revisions = await versions.revisions(context, key, isActuals ? [] : await versionsIn(engine, log, fields))
    for (let number = 0; number < count; number++) {
      if (taken.has(number)) continue
      signal?.throwIfAborted()
      const part = { from: number * rowsOfPart, to: Math.min((number + 1) * rowsOfPart, log.file.rows) }
      const rows = part.to - part.from
      const write = { environment, engine, key, log, fields, part, caller: context.actor, revisions }
      const times = isActuals ? [] : await writePredictions(write)
      const actuals = isActuals ? await takeActualsOf(engine, ingest.actuals, write) : undefined
      const result: Part = {
        rows,
        actuals: actuals ? rows : 0,
        unknown: actuals?.unknown ?? 0,
        changed: actuals?.changed ?? 0,
      }
      await journal.change(context, async (change) => {
        if (times.length > 0) await markPredictions(change, jobs, key, times)
        await change.db
          .insertInto('logged_files')
          .values({ ...key, digest, part: number, result: toJson(result), logged_at: change.now })
          .onConflict((c) => c.columns(['project', 'endpoint', 'digest', 'part']).doNothing())
          .execute()
      })
      taken.set(number, result)
      progress?.(`${part.to.toLocaleString('en')} of ${log.file.rows.toLocaleString('en')} rows`)
    }
    const sum = (of: (part: Part) => number) => [...taken.values()].reduce((n, part) => n + of(part), 0)
    return {
      rows: sum((p) => p.rows),
      actuals: sum((p) => p.actuals),
      unknown: sum((p) => p.unknown),
      changed: sum((p) => p.changed),
      again,
    }
  }

  return {
    /** where files lie while they are read */
    folder: parent,

    /** Says how the columns of a file would be read. Errors: `invalid_input`. */
    plan: (key: EndpointKey, file: LocalFile, reading: LogReading): Promise<{ rows: number; columns: ReadColumn[] }> =>
      open(key, file, reading, async (log) => ({ rows: log.file.rows, columns: log.plan.columns })),

    /** Takes a file in. Errors: `invalid_input` with rows and columns, before anything is taken. */
    take: (
      context: ChangeContext,
      key: EndpointKey,
      file: LocalFile,
      reading: LogReading,
      { progress, signal }: { progress?: (text: string) => void; signal?: AbortSignal } = {},
    ): Promise<LoggedFile> =>
      open(
        key,
        file,
        reading,
        async (log, folder) => {
          const fields = await fieldsOf(engine, log)
          if (reading.version !== undefined && !log.plan.of.version) fields.version = quoted(reading.version)
          if (reading.kind !== 'reference') return takeRows({ context, key, log, fields, reading, progress, signal })
          await checkFile(engine, log, fields, 'predictions')
          const digest = await references.write(engine, log, fields, join(folder, 'reference.parquet'))
          const origin = reading.origin ?? { file: file.digest }
          const { rows } = log.file
          await references.set(context, key, { version: reading.version ?? '', digest, origin, rows })
          return { rows, actuals: 0, unknown: 0, changed: 0, again: 0 }
        },
        signal,
      ),
  }
}

const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

/** The same file read in the same way has the same one. */
const readingDigest = ({ plan, digest, spec }: OpenedLog, { kind, version }: LogReading) =>
  createHash('sha256')
    .update(JSON.stringify([kind, digest, plan.of, plan.features, version ?? null, spec?.positive ?? null]))
    .digest('hex')

function requireColumns({ of, features }: ColumnPlan, kind: LogReading['kind']) {
  if (kind === 'columns') return
  const missing =
    kind === 'actuals'
      ? [...(of.id ? [] : ['id']), ...(of.actual ? [] : ['actual'])]
      : features.length === 0 && !of.score && !of.label
        ? ['features']
        : []
  if (missing.length > 0)
    throw new KedgeError(
      'invalid_input',
      { what: `It is not known which column has the ${missing.join(' and the ')}` },
      {
        places: missing.map((where) => ({ where, what: 'no column is named for it' })),
        todo: `Name it: ${missing.map((role) => `--${role} COLUMN`).join(' ')}.`,
      },
    )
}

function refuseOtherFeatures(
  { features }: ColumnPlan,
  kind: LogReading['kind'],
  declared: Readonly<Record<string, 'number' | 'category'>> | undefined,
) {
  if (!declared || kind === 'actuals') return
  const places = features
    .filter(({ name, type }) => declared[name] !== type)
    .map(({ name, type }) => ({
      where: `column ${name}`,
      what: declared[name]
        ? `is declared as a ${declared[name]}, and its values are of a ${type}`
        : 'is no feature of the endpoint',
    }))
  if (places.length > 0)
    throw new KedgeError(
      'invalid_input',
      { what: 'The features of the file are not those that the endpoint declares' },
      { places, todo: 'Leave columns out with --ignore, or declare them.' },
    )
}
