import type { SqlStore } from '../../storage/sql/sql-store.ts'

/** What landed as rows, or as dead letters; each has sequences of its own. */
export type Kind = 'rows' | 'dead'

/** The micro-batches of a stream, in the order of their rows. */
export const microBatches = (store: Pick<SqlStore, 'read'>, project: string, source: string, kind: Kind) =>
  store.read
    .selectFrom('stream_batches')
    .select(['id', 'first', 'rows', 'digest', 'bytes', 'level'])
    .where('project', '=', project)
    .where('source', '=', source)
    .where('kind', '=', kind)
    .orderBy('first')
    .execute()
