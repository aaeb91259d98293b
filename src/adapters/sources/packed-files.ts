import { open, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { LocalFiles, SourceEnvironment } from '../../contracts/source.ts'
import { writeLength } from '../../mainframe/column-values.ts'
import { blockHead, columnHead } from './copybook/native-block.ts'

/** From so many files on, of not more bytes than this on average, a pack is read in a tenth of the time. */
const fewest = 200
const small = 2 ** 18
const largest = 2 ** 24
const blockSize = 2 ** 24
const atOnce = 64

/** The files in a pack, as a table: `name` below the folder of the pattern, `content`. They come in the order of their names. */
export const packTable = "file({path:String}, Native, 'name String, content String')"

/** Whether many files are small enough to be read as one. */
export async function areSmall(files: LocalFiles): Promise<boolean> {
  const paths = files.pattern?.files ?? []
  if (paths.length < fewest) return false
  let bytes = 0
  for (let i = 0; i < paths.length; i += atOnce)
    for (const { size } of await Promise.all(paths.slice(i, i + atOnce).map((path) => stat(path)))) {
      bytes += size
      if (size > largest || bytes > small * paths.length) return false
    }
  return true
}

/** Writes many files into one, which is kept as long as it is used. The engine opens each file anew, which takes longer than reading it. */
export async function packFiles(files: LocalFiles, environment: SourceEnvironment): Promise<string> {
  const { folder, files: paths } = files.pattern ?? { folder: join(files.path, '..'), files: [files.path] }
  const whole = await environment.derived(['pack', 1, await files.digest()], async (made) => {
    const file = await open(join(made, 'pack.native'), 'w')
    try {
      let [names, contents, bytes]: [Buffer[], Buffer[], number] = [[], [], 0]
      const flush = async () => {
        if (names.length === 0) return
        await file.writev([
          blockHead(2, names.length),
          columnHead('name', 'String'),
          strings(names),
          columnHead('content', 'String'),
          strings(contents),
        ])
        ;[names, contents, bytes] = [[], [], 0]
      }
      for (let i = 0; i < paths.length; i += atOnce) {
        const some = paths.slice(i, i + atOnce)
        const found = await Promise.all(some.map((path) => readFile(path)))
        for (const [j, content] of found.entries()) {
          names.push(Buffer.from(relative(folder, some[j]!)))
          contents.push(content)
          bytes += content.length
        }
        if (bytes > blockSize) await flush()
      }
      await flush()
    } finally {
      await file.close()
    }
  })
  return join(whole, 'pack.native')
}

/** Values of a column of the engine's format Native. */
function strings(values: readonly Buffer[]): Uint8Array {
  const out = new Uint8Array(values.reduce((sum, { length }) => sum + length + 10, 0))
  let used = 0
  for (const value of values) {
    used = writeLength(out, used, value.length)
    out.set(value, used)
    used += value.length
  }
  return out.subarray(0, used)
}
