import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { quote } from '../storage/events/bind-parameters.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Fields, OpenedLog } from './log-file.ts'
import { featureSql, rowsOf, tableSettings } from './log-table.ts'
import { markAllWindows } from './mark-windows.ts'
import type { EndpointKey } from './stale.ts'

/** Where the rows of a reference came from. */
export type ReferenceOrigin = { file: string } | { dataset: string; version: number }

export interface LoggedReference {
  /** '' for all versions without one of their own */
  version: string
  /** of a Parquet file with the features, `score`, `label` (the truth) and `time` */
  digest: string
  origin: ReferenceOrigin
  rows: number
  setAt: number
}

/** What versions of models that are served elsewhere are compared with. Without one it is their own first days. */
export function createLoggedReferences({
  store,
  journal,
  jobs,
  blobs,
}: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs'>) {
  return {
    async list({ project, endpoint }: EndpointKey): Promise<LoggedReference[]> {
      const rows = await store.read
        .selectFrom('logged_references')
        .selectAll()
        .where('project', '=', project)
        .where('endpoint', '=', endpoint)
        .orderBy('version')
        .execute()
      return rows.map((row) => ({
        version: row.version,
        digest: row.digest,
        origin: fromJson<ReferenceOrigin>(row.origin),
        rows: Number(row.rows),
        setAt: Number(row.set_at),
      }))
    },

    /** Writes the rows of a file in the form that references have, to `target`. Errors: `invalid_input` without features. */
    async write(engine: EventsStore, log: OpenedLog, fields: Fields, target: string): Promise<string> {
      const columns = new Map(log.file.columns.map((column) => [column.name, column]))
      const { of } = log.plan
      const features = log.plan.features.filter(({ name }) => !reserved.includes(name))
      if (features.length === 0) throw new KedgeError('invalid_input', { what: 'The reference has no features' })
      const selected = [
        ...features.map((feature) => `${featureSql(columns.get(feature.column)!)} AS \`${escaped(feature.name)}\``),
        ...(of.score ? [`${fields.score} AS score`] : []),
        ...(fields.actual ? [`ifNull(${fields.actual.value}, toFloat64OrNull(${fields.actual.label})) AS label`] : []),
        ...(of.time ? [`${fields.time} AS time`] : []),
      ]
      await engine.command(
        `INSERT INTO FUNCTION file(${quote(target)}, Parquet) SELECT ${selected.join(', ')} FROM ${rowsOf()}`,
        { path: log.file.path },
        {
          settings: {
            ...tableSettings,
            engine_file_truncate_on_insert: 1,
            output_format_parquet_compression_method: 'zstd',
            output_format_parquet_string_as_string: 1,
          },
          repeatable: true,
        },
      )
      return (await blobs.putFile(target, { move: true })).digest
    },

    /** Sets it and has the windows evaluated anew; the same again changes nothing. */
    set: (
      context: ChangeContext,
      key: EndpointKey,
      { version, digest, origin, rows }: Omit<LoggedReference, 'setAt'>,
    ): Promise<boolean> =>
      journal.change(context, async (change) => {
        const before = await change.db
          .selectFrom('logged_references')
          .select('digest')
          .where('project', '=', key.project)
          .where('endpoint', '=', key.endpoint)
          .where('version', '=', version)
          .executeTakeFirst()
        if (before?.digest === digest) return false
        const row = { ...key, version, digest, origin: toJson(origin), rows, set_at: change.now }
        await change.db
          .insertInto('logged_references')
          .values(row)
          .onConflict((c) => c.columns(['project', 'endpoint', 'version']).doUpdateSet({ ...row }))
          .execute()
        await markAllWindows(change, jobs, key)
        change.append({
          type: 'endpoint.reference_set',
          project: key.project,
          subject: `endpoint/${key.endpoint}`,
          data: { endpoint: key.endpoint, version, digest, rows, origin },
        })
        return true
      }),
  }
}

export type LoggedReferences = ReturnType<typeof createLoggedReferences>

const escaped = (name: string) => name.replace(/[\\`]/g, '\\$&')

/** Names that mean something else in the file of a reference: a feature of such a name gives way. */
const reserved = ['score', 'out_of_fold', 'label', 'time', 'id', 'split']
