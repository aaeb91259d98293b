import { z } from 'zod'
import {
  defineSource,
  fileLocation,
  oneLocation,
  oneLocationMessage,
  type SourceDefinition,
  type SourceTable,
} from '../../contracts/source.ts'

/** What differs between kinds of files that bring their own schema. */
export interface ColumnarFile {
  kind: string
  title: string
  /** id of the configuration's schema */
  id: string
  /** the engine's name of the format of the file at a path */
  format(path: string): string | Promise<string>
  /** how rows of one file are numbered, and whether it may be read again where it is */
  rows?: Pick<SourceTable, 'rowNumber' | 'stable'>
}

/** A kind of source from a format whose files bring names and types of their columns. */
export const columnarFile = ({ kind, title, id, format, rows }: ColumnarFile): SourceDefinition =>
  defineSource({
    kind,
    title,
    config: z
      .strictObject({ kind: z.literal(kind), ...fileLocation })
      .refine(oneLocation, oneLocationMessage)
      .meta({ id }),
    async open({ path, url }, environment) {
      const file = await environment.localFile({ path, url })
      const sql = 'file({path:String}, {format:String})'
      const params = { path: file.path, format: await format(file.path) }
      return { sql, params, columns: await environment.describe(sql, params), ...rows, state: file.digest }
    },
  })
