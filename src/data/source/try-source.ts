import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { Column } from '../../contracts/column.ts'
import type { FoundThere } from '../../contracts/source.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { EventsLog } from '../../storage/events/events-store.ts'
import { columnType, readValue } from '../curation/engine-column.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { convert } from '../expression/conversion.ts'
import { asArrays, type Rows, selectForJson } from '../version/read-rows.ts'
import { runFolder } from '../version/run-folder.ts'
import { landed } from './landed.ts'
import { openSource } from './open-source.ts'
import type { SourceAccess } from './source-access.ts'
import { sourceEnvironment } from './source-environment.ts'
import { sourceError } from './source-error.ts'

export interface SourceTest {
  ok: boolean
  milliseconds: number
  schema?: Column[]
  /** settings that were found by looking: setting → value */
  found?: Record<string, string | number | boolean>
  error?: { code: string; message: string; todo: string; places?: { where: string; what: string }[] }
}

export interface SourcePreview extends Rows {
  found: Record<string, string | number | boolean>
}

/** Looks at sources, declared or not, without keeping anything. */
export interface SourceTrials {
  /** Opens the source and looks at its columns; a failure is an answer, not an error. */
  test(project: string, name: string, config: unknown): Promise<SourceTest>
  /** Its first rows, in types that were found. Errors: `source_…`, `invalid_input`. */
  preview(project: string, name: string, config: SourceSpec, limit: number): Promise<SourcePreview>
  /** What there is to read at a place; null for kinds that read one thing. Errors: `source_…`, `invalid_input`. */
  discover(project: string, given: Record<string, unknown>): Promise<FoundThere[] | null>
}

const mostFound = 2000
/** how long a database may think about what it has */
const patience = 20_000

export function createSourceTrials({
  access,
  parse,
  dataDirectory,
  log,
}: {
  access: SourceAccess
  parse(name: string, config: unknown): SourceSpec
  dataDirectory: string
  log: EventsLog
}): SourceTrials {
  return {
    async test(project, name, config) {
      const started = performance.now()
      const milliseconds = () => performance.now() - started
      try {
        const { columns, table } = await openSource(access, project, name, parse(name, config))
        return { ok: true, milliseconds: milliseconds(), schema: columns, found: table.found ?? {} }
      } catch (error) {
        const { class: kind, code, message, todo, places } = asKedgeError(error)
        if (kind === 'internal') log.error({ err: error, source: name }, 'a source could not be tested')
        return { ok: false, milliseconds: milliseconds(), error: { code, message, todo, places: [...places] } }
      }
    },

    async preview(project, name, config, limit) {
      const { table: opened, columns, place } = await openSource(access, project, name, config)
      const folder = runFolder(dataDirectory)
      const values = columns.map((column, i) => {
        const raw = opened.columns[i]!
        return `${convert(readValue(raw), columnType(raw.type), column.type)} AS v${i}`
      })
      const shown = columns.map((column, i) => ({ name: `v${i}`, type: column.type }))
      try {
        const table = await landed(opened, folder, { rows: limit })
        const rows = await access.engine.query<Record<string, unknown>>(
          `SELECT ${selectForJson(shown)} FROM (SELECT ${values.join(', ')} FROM ${table.sample ?? table.sql} AS s LIMIT {limit:UInt32}) AS s`,
          { ...table.params, limit },
          table.settings ? { settings: table.settings } : {},
        )
        return { columns, rows: asArrays(columns, rows), total: null, found: opened.found ?? {} }
      } catch (error) {
        throw sourceError(error, name, place ? `${name} (${place})` : name)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },

    async discover(project, given) {
      const definition = access.kinds.find(({ kind }) => kind === given.kind)
      if (!definition) throw new KedgeError('invalid_input', { what: `There is no kind of source ${given.kind}` })
      if (!definition.discover) return null
      const spec = { ...given, kind: definition.kind }
      const environment = sourceEnvironment(access, project, 'new', spec, AbortSignal.timeout(patience))
      try {
        const place = definition.discover.place.parse(given)
        return await definition.discover.list(place, environment, mostFound)
      } catch (error) {
        if (error instanceof z.ZodError)
          throw new KedgeError(
            'invalid_input',
            { what: error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ') },
            { places: error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message })) },
          )
        throw sourceError(error, 'new', 'the source')
      }
    },
  }
}
