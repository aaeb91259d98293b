import { z } from 'zod'
import type { Column } from '../../contracts/column.ts'
import { shownAddress } from '../../contracts/file-place.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { columnType } from '../curation/engine-column.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { inferTypes } from './infer-types.ts'
import type { SourceAccess } from './source-access.ts'
import { type OnFiles, sourceEnvironment } from './source-environment.ts'
import { sourceError } from './source-error.ts'

export interface OpenedSource {
  name: string
  kind: string
  /** what a person would call the place: path, address or table */
  place: string
  table: SourceTable
  /** in Kedge's types */
  columns: Column[]
}

const placeOf = (config: SourceSpec): string => {
  const { path, url, member, host, database, schema, table } = config as Record<string, string | undefined>
  const within = member ?? (path ? table : undefined)
  if (path || url) return `${url ? shownAddress(url) : path}${within ? ` (${within})` : ''}`
  return [host, database, schema, table].filter(Boolean).join('/')
}

/** Finds a source's rows, their columns and types. Errors: `source_…`, `not_found`, `path_guarded`, `address_guarded`. */
export async function openSource(
  access: SourceAccess,
  project: string,
  name: string,
  spec: SourceSpec,
  signal?: AbortSignal,
  onFiles?: OnFiles,
): Promise<OpenedSource> {
  const definition = access.kinds.find(({ kind }) => kind === spec.kind)
  if (!definition) throw new KedgeError('invalid_input', { what: `There is no kind of source ${spec.kind}` })
  const place = placeOf(spec)
  const fullName = place ? `${name} (${place})` : name
  const environment = sourceEnvironment(access, project, name, spec, signal, onFiles)
  const { query } = environment
  try {
    const table = await definition.open(definition.config.parse(spec), environment, signal)
    const known = table.types ?? []
    const unknown = table.untyped
      ? table.columns.map((column) => column.name).filter((column) => !known.some((type) => type.name === column))
      : []
    const found =
      unknown.length === 0
        ? []
        : await inferTypes((sql) => query(sql, table.params, table.settings), table.sample ?? table.sql, unknown)
    const types = [...known, ...found]
    const columns = table.columns.map((column) => ({
      name: column.name,
      type: types.find((type) => type.name === column.name)?.type ?? columnType(column.type),
    }))
    for (const { name } of known)
      if (!columns.some((column) => column.name === name))
        throw new KedgeError('source_unreadable', { source: fullName, what: `it has no column ${name}` })
    return { name, kind: spec.kind, place, table: { ...table, types }, columns }
  } catch (error) {
    if (error instanceof z.ZodError)
      throw new KedgeError('invalid_input', {
        what: `The source ${name}: ${error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
      })
    throw sourceError(error, name, fullName)
  }
}
