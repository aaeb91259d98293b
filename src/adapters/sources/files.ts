import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { defineSource } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { fileSource } from './file-location.ts'
import { rowsOfFiles } from './many-files.ts'
import { packFiles, packTable } from './packed-files.ts'

const longest = 256 * 2 ** 20

const contents = {
  base64: 'base64Encode(content)',
  text: 'content',
  none: undefined,
}

export default defineSource({
  kind: 'files',
  title: 'Files of any kind, such as images and texts: each is a row with its bytes',
  config: fileSource(
    'files',
    {
      content: z
        .enum(['base64', 'text', 'none'])
        .default('base64')
        .meta({ description: 'how its bytes stand in the column content; text: they are UTF-8' }),
    },
    { many: true },
  ).meta({ id: 'FilesSource' }),
  async open({ content, ...location }, environment) {
    const files = await environment.localFiles(location)
    for (const path of files.pattern?.files ?? [files.path])
      if ((await stat(path)).size > longest)
        throw new KedgeError('too_large', { what: `The file ${path}`, limit: `${longest} bytes in a row` })
    const path = await packFiles(files, environment)
    const bytes = contents[content]
    const rows = rowsOfFiles(files, {
      columns: [
        { name: 'path', type: 'String' },
        { name: 'bytes', type: 'Int64' },
        { name: 'digest', type: 'String' },
        ...(bytes ? [{ name: 'content', type: 'String' }] : []),
      ],
      selected: [
        'name AS path',
        'toInt64(length(content)) AS bytes',
        'lower(hex(SHA256(content))) AS digest',
        ...(bytes ? [`${bytes} AS content`] : []),
      ],
      from: `(SELECT name, content, concat({path:String}, '/', name) AS _path FROM ${packTable})`,
      settings: 'prefer_column_name_to_alias = 1',
      ordered: true,
    })
    return {
      ...rows,
      params: { path },
      settings: { ...rows.settings, max_threads: 1 },
      state: async () =>
        createHash('sha256')
          .update(`${await files.digest()} ${content}`)
          .digest('hex'),
    }
  },
})
