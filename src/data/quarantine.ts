import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Correction } from './curation/correct-table.ts'
import { quoteName } from './expression/sql-text.ts'
import { openQuarantine, withdrawDecision } from './quarantine-file.ts'
import { type Rows, readRows } from './version/read-rows.ts'
import type { Versions } from './version/versions.ts'

export interface StoredCorrection extends Correction {
  id: number
  /** in whose quarantine the row was */
  version: number
  actor: string
  createdAt: number
}

/** The rows that a version has set aside, and what people make of them. */
export interface QuarantineDesk {
  rows(
    project: string,
    dataset: string,
    version: number | string,
    page: { limit: number; offset: number },
  ): Promise<Rows>
  /**
   * Corrects rows by their `_row`: wherever the source gives the original again, the corrected values take its place.
   * Errors: `not_found` for a row that is not there, `invalid_input` for a column that the source has not.
   */
  correct(
    context: ChangeContext,
    project: string,
    dataset: string,
    version: number | string,
    rows: { row: number; values: Record<string, unknown> }[],
  ): Promise<StoredCorrection[]>
  corrections(project: string, dataset: string): Promise<StoredCorrection[]>
  /** Takes a correction back; versions that were made with it stay. */
  withdraw(context: ChangeContext, project: string, dataset: string, id: number): Promise<void>
}

const mostCorrections = 1000

export function createQuarantineDesk(
  { store, journal, blobs }: Pick<Environment, 'store' | 'journal' | 'blobs'>,
  { engine, versions }: { engine: EventsStore; versions: Versions },
): QuarantineDesk {
  const corrections = async (project: string, dataset: string): Promise<StoredCorrection[]> =>
    (
      await store.read
        .selectFrom('dataset_corrections')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', dataset)
        .orderBy('id')
        .execute()
    ).map((row) => ({
      id: row.id,
      version: row.version,
      original: fromJson(row.original),
      corrected: fromJson(row.corrected),
      actor: row.actor,
      createdAt: row.created_at,
    }))

  return {
    corrections,
    async rows(project, dataset, number, page) {
      const version = await versions.get(project, dataset, number)
      const file = version.quarantine && (await blobs.localPath(version.quarantine.digest))
      return file ? readRows(engine, file, page) : { columns: [], rows: [], total: 0 }
    },
    async correct(context, project, dataset, number, rows) {
      const quarantine = await openQuarantine({ blobs, engine, versions }, project, dataset, number)
      const { version, file, columns: names } = quarantine
      const wanted = [...new Set(rows.map(({ row }) => row))]
      const from = quarantine.has('_from') ? 's._from' : 'NULL'
      const found = file
        ? await engine.query<Record<string, unknown> & { row: number }>(
            `SELECT s._row AS row, ${[...names.map((name, i) => `toString(s.${quoteName(name)}) AS c${i}`)].join(', ')} FROM file({file:String}, Parquet) AS s WHERE s._row IN {rows:Array(UInt64)} AND ${from} IS NULL`,
            { file, rows: wanted },
          )
        : []
      const originals = new Map(
        found.map((one) => [
          Number(one.row),
          Object.fromEntries(names.map((name, i) => [name, (one[`c${i}`] ?? null) as string | null])),
        ]),
      )
      const made = rows.map(({ row, values }) => {
        const original = originals.get(row)
        if (!original)
          throw new KedgeError('not_found', {
            kind: 'Quarantined row',
            name: `${row} of ${dataset}@${version.version}`,
          })
        const strange = Object.keys(values).find((name) => !names.includes(name))
        if (strange !== undefined)
          throw new KedgeError('invalid_input', {
            what: `The source has no column ${strange} (it has ${names.slice(0, 20).join(', ')})`,
          })
        const corrected = Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, value === null ? null : String(value)]),
        )
        return { original, corrected }
      })
      const before = await corrections(project, dataset)
      if (before.length + made.length > mostCorrections)
        throw new KedgeError(
          'too_large',
          { what: 'The list of corrections', limit: `${mostCorrections} rows` },
          { todo: 'Correct the source, or add a step that corrects all such rows.' },
        )
      await journal.change(context, async (change) => {
        for (const { original, corrected } of made)
          await change.db
            .insertInto('dataset_corrections')
            .values({
              project,
              dataset,
              version: version.version,
              original: toJson(original),
              corrected: toJson(corrected),
              actor: change.context.actor,
              created_at: change.now,
            })
            .execute()
        change.append({
          type: 'dataset.corrected',
          project,
          subject: `dataset/${dataset}`,
          data: {
            dataset,
            version: version.version,
            rows: wanted,
            columns: [...new Set(rows.flatMap(({ values }) => Object.keys(values)))],
          },
        })
      })
      return (await corrections(project, dataset)).slice(before.length)
    },
    withdraw: (context, project, dataset, id) =>
      journal.change(context, async (change) => {
        await withdrawDecision(change, 'dataset_corrections', 'Correction', { project, dataset, id })
        change.append({
          type: 'dataset.correction_withdrawn',
          project,
          subject: `dataset/${dataset}`,
          data: { dataset, correction: id },
        })
      }),
  }
}
