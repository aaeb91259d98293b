import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Column } from '../../../contracts/column.ts'
import type { LocalFiles, SourceEnvironment, SourceTable } from '../../../contracts/source.ts'
import { KedgeError } from '../../../errors.ts'
import { linkFiles } from '../link-files.ts'
import { rowsOfFiles } from '../many-files.ts'
import { quotedName } from '../sql-name.ts'
import { type Converted, faultKey, foundKey } from './conversion.ts'
import { convertInThread } from './convert-in-thread.ts'

export interface ConvertedRows {
  kind: string
  /** raised when the same file would give other rows than before */
  version: number
  files: LocalFiles
  settings: unknown
  /** what can be wrong with a row */
  faults: readonly string[]
  /** declared types */
  types: Column[]
}

/**
 * The rows of files that the events engine cannot read: each is converted once to one that it can, and kept beside it as
 * long as it is used. Errors: `source_unreadable` names the file.
 */
export async function convertedRows(
  { kind, version, files, settings, faults, types }: ConvertedRows,
  environment: SourceEnvironment,
  signal?: AbortSignal,
): Promise<SourceTable> {
  const convert = async (from: string, digest: string) => {
    const folder = await environment.derived([kind, version, digest, settings], async (made) => {
      const converted = await convertInThread({ kind, from, to: join(made, 'rows.jsonl'), settings }, signal).catch(
        (error) => {
          // one of many is named
          if (error instanceof KedgeError && error.code === 'source_unreadable' && files.pattern)
            throw new KedgeError(
              error.code,
              { source: '', what: `${relative(files.pattern.folder, from)}: ${error.details.what}` },
              { todo: error.todo },
            )
          throw error
        },
      )
      await writeFile(join(made, 'about.json'), JSON.stringify(converted))
    })
    return {
      rows: join(folder, 'rows.jsonl'),
      ...(JSON.parse(await readFile(join(folder, 'about.json'), 'utf8')) as Converted),
    }
  }

  const columns = new Set<string>()
  let found: Converted['found'] = {}
  let local: LocalFiles = { path: '', digest: files.digest }
  if (files.pattern) {
    const { folder, files: paths, digestOf } = files.pattern
    const all: { name: string; from: string }[] = []
    for (const path of paths) {
      const one = await convert(path, await digestOf(path))
      for (const column of one.columns) columns.add(column)
      all.push({ name: relative(folder, path), from: one.rows })
    }
    const whole = await environment.derived([kind, version, 'many', await files.digest(), settings], (made) =>
      linkFiles(made, all),
    )
    local = { ...local, path: join(whole, '**'), pattern: files.pattern }
  } else {
    const one = await convert(files.path, await files.digest())
    for (const column of one.columns) columns.add(column)
    found = one.found
    local.path = one.rows
  }

  const names = [...columns]
  if (names.length === 0) throw new KedgeError('source_unreadable', { source: '', what: 'it has no columns' })
  const all = [...names, faultKey, foundKey]
  const rows = rowsOfFiles(local, {
    columns: names.map((name) => ({ name, type: 'Nullable(String)' })),
    selected: all.map(quotedName),
    from: "file({path:String}, JSONEachRow, {structure:String}, 'none')",
  })
  return {
    ...rows,
    params: { path: local.path, structure: all.map((name) => `${quotedName(name)} Nullable(String)`).join(', ') },
    settings: {
      ...rows.settings,
      input_format_parallel_parsing: 0,
      input_format_import_nested_json: 0,
      input_format_skip_unknown_fields: 1,
      max_threads: 1,
    },
    untyped: true,
    types: [...types, ...(rows.types ?? [])],
    unreadable: faults.map((reason) => ({
      when: `s.${faultKey} = '${reason}'`,
      reason,
      value: `s.${foundKey}`,
    })),
    found,
    state: async () => `${await files.digest()}:${version}`,
  }
}
