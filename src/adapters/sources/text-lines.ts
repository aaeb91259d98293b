import type { LocalFiles, SourceEnvironment } from '../../contracts/source.ts'
import { unpackerOf } from './compression.ts'
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
