import { quote } from '../../storage/events/bind-parameters.ts'
import type { WatchedColumn } from './column-facts.ts'

/**
 * Empties what was profiled of columns themselves before they were known to be more than categories; `where` says of which rows.
 * Undefined where there are none.
 */
export const forgetStatement = (columns: readonly WatchedColumn[], where: string): string | undefined =>
  columns.length === 0
    ? undefined
    : `INSERT INTO profiles (project, scope, revision, segment, feature, bucket, computed_at, count, missing, sum, sum_squares,
         minimum, maximum, sketch_keys, sketch_counts, categories, centred)
       SELECT project, scope, revision, segment, feature, bucket, {version:UInt64}, 0, 0, 0, 0, 0, 0, [], [], map(), 0
       FROM profiles FINAL WHERE ${where} AND count > 0 AND feature IN (${columns.map(({ name }) => quote(name)).join(', ')})`
