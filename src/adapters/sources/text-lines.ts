import type { LocalFiles, SourceEnvironment } from '../../contracts/source.ts'
import { unpackerOf } from './compression.ts'
import { type FileRows, rowsOfFiles } from './many-files.ts'
import { areSmall, packFiles, packTable } from './packed-files.ts'

const lineFormat = "file({path:String}, LineAsString, 'line String', {method:String})"

export interface TextLines {
  /** table expression of `line`, with `_path`; takes `path` and `method` */
  from: string
  params: { path: string; method: string }
  /** whether lines come by the files' names */
  ordered: boolean
}

/** The lines of text files: read from them, or from a pack of them when they are many and small. */
export async function textLines(files: LocalFiles, method: string, environment: SourceEnvironment): Promise<TextLines> {
  const compressed =
    !['auto', 'none'].includes(method) ||
    files.pattern?.files.some((path) => unpackerOf(path, undefined) || /\.xz$/.test(path))
  if (compressed || !(await areSmall(files)))
    return { from: lineFormat, params: { path: files.path, method }, ordered: false }
  return {
    from: `(SELECT concat({path:String}, '/', name) AS _path, arrayJoin(splitByChar('\\n', content)) AS line FROM ${packTable})`,
    params: { path: await packFiles(files, environment), method },
    ordered: true,
  }
}

export interface LineRows extends Pick<FileRows, 'selected' | 'from' | 'ordered'> {
  /** of the columns, which are text */
  names: readonly string[]
}

/** Rows of which each is one `line` of `from`; `__line` shows it. What has nothing but blanks is no row. */
export function lineRows(files: LocalFiles, { names, selected, ...lines }: LineRows): ReturnType<typeof rowsOfFiles> {
  const rows = rowsOfFiles(files, {
    ...lines,
    columns: names.map((name) => ({ name, type: 'Nullable(String)' })),
    selected: [...selected, 'leftUTF8(toValidUTF8(line), 200) AS __line', 'line AS __whole'],
  })
  const whole = (sql: string) => `(SELECT * EXCEPT (__whole) FROM ${sql} WHERE trimBoth(__whole) != '')`
  return { ...rows, sql: whole(rows.sql), ...(rows.sample ? { sample: whole(rows.sample) } : {}) }
}
