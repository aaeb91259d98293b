import {
  defineSource,
  type LocalFiles,
  type SourceDefinition,
  type SourceEnvironment,
  type SourceTable,
} from '../../contracts/source.ts'
import { fileSource } from './file-location.ts'
import { rowsOfFiles } from './many-files.ts'
import { quotedName } from './sql-name.ts'

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
    config: fileSource(kind, {}, { many: true }).meta({ id }),
    async open(location, environment) {
      const files = await environment.localFiles(location)
      return columnarRows(files, await format(files.path), environment, rows)
    },
  })

/** The rows of files whose format brings names and types. */
export async function columnarRows(
  files: LocalFiles,
  format: string,
  environment: SourceEnvironment,
  rows?: Pick<SourceTable, 'rowNumber' | 'stable'>,
): Promise<SourceTable> {
  const sql = 'file({path:String}, {format:String})'
  const params = { path: files.path, format }
  if (!files.pattern)
    return { sql, params, columns: await environment.describe(sql, params), ...rows, state: files.digest }
  const settings = {
    use_hive_partitioning: 0,
    schema_inference_mode: 'union',
    // files may have columns that others lack
    input_format_parquet_allow_missing_columns: 1,
    input_format_orc_allow_missing_columns: 1,
    input_format_arrow_allow_missing_columns: 1,
    input_format_avro_allow_missing_fields: 1,
  }
  const columns = (await environment.describe(sql, params, settings)).map(({ name, type }) => ({
    name,
    type: /^(Nullable|LowCardinality|Array|Map|Tuple|Nested)\(/.test(type) ? type : `Nullable(${type})`,
  }))
  const structure = columns.map(({ name, type }) => `${quotedName(name)} ${type}`).join(', ')
  const found = rowsOfFiles(files, {
    columns,
    selected: columns.map(({ name }) => quotedName(name)),
    from: 'file({path:String}, {format:String}, {structure:String})',
  })
  return {
    ...found,
    settings: { ...found.settings, ...settings },
    params: { ...params, structure },
    state: files.digest,
  }
}
