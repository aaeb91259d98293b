import type { LocalFiles, SourceTable } from '../../contracts/source.ts'
import { quotedName, quotedText } from './sql-name.ts'

/** The engine's own reading of `year=2001` is off: it takes a folder's column for one of the file's. */
const ownPartitions = { use_hive_partitioning: 0 }

export interface FileRows {
  /** names of the columns that the files have */
  columns: { name: string; type: string }[]
  /** what is selected from `from`: the columns, and what else the kind needs */
  selected: readonly string[]
  /** table expression of the files */
  from: string
  /** settings of the query */
  settings?: string
  /** whether they come by the files' names already */
  ordered?: boolean
}

type Rows = Pick<SourceTable, 'sql' | 'sample' | 'columns' | 'types' | 'rowNumber' | 'file' | 'settings'>

/**
 * The rows of one file as they come, or of all files of a pattern: by the files' names, each in its own order, with what
 * their folders say as columns. The row's place is `__position`.
 */
export function rowsOfFiles(
  files: LocalFiles,
  { columns, selected, from, settings = '', ordered = false }: FileRows,
): Rows {
  const ending = settings ? ` SETTINGS ${settings}` : ''
  if (!files.pattern)
    return {
      sql: `(SELECT ${[...selected, 'rowNumberInAllBlocks() AS __position'].join(', ')} FROM ${from}${ending})`,
      columns,
      rowNumber: 's.__position',
      settings: ownPartitions,
    }
  const { partitions } = files.pattern
  const own = columns.filter(({ name }) => !partitions.some((partition) => partition.name === name))
  const names = [...own.map(({ name }) => name), ...partitions.map(({ name }) => name)]
  const folderValue = (name: string) => {
    const form = `/${name.replace(/[^\w]/g, '\\$&')}=([^/]*)/`
    return `nullIf(decodeURLComponent(extract(_path, ${quotedText(form)})), '__HIVE_DEFAULT_PARTITION__') AS ${quotedName(name)}`
  }
  const kept = selected.filter(
    (item) => !partitions.some(({ name }) => item.endsWith(` AS ${quotedName(name)}`) || item === quotedName(name)),
  )
  const each = [
    ...kept,
    ...partitions.map(({ name }) => folderValue(name)),
    '_path AS __path',
    // the path may be set when rows are landed
    "substring(_path, length(replaceRegexpOne({path:String}, '/[^/]*[*?{].*$', '')) + 2) AS __file",
    'rowNumberInAllBlocks() AS __arrival',
  ]
  const unordered = `(SELECT ${each.join(', ')} FROM ${from}${ending})`
  return {
    sql: `(SELECT *, rowNumberInAllBlocks() AS __position FROM ${ordered ? unordered : `(SELECT * FROM ${unordered} ORDER BY __path, __arrival)`})`,
    sample: unordered.replace(', _path AS __path', ', 0 AS __position, _path AS __path'),
    columns: names.map((name) => own.find((column) => column.name === name) ?? { name, type: 'Nullable(String)' }),
    types: partitions,
    file: 's.__file',
    rowNumber: 's.__position',
    settings: { ...ownPartitions, max_threads: 1, max_bytes_before_external_sort: 2 ** 30 },
  }
}
