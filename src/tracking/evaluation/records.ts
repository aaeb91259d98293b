import { createHash, randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { EvaluationTables } from '../../storage/sql/tables/evaluation.ts'
import { checkMaxResults } from '../limits.ts'
import { datasetDigest, findDataset, userTag } from './datasets.ts'
import type { DatasetRow } from './evaluation-dataset.ts'
import { type Document, isDocument, parseExactly, sortedKeys, typeName } from './exact-json.ts'

/** A record with its documents as JSON, numbers as they were written. */
export interface EvaluationRecord {
  id: string
  dataset: string
  inputs: string
  outputs: string | null
  expectations: string | null
  tags: string | null
  /** { source_type, source_data } */
  source: string | null
  sourceType: string | null
  createdAt: number
  updatedAt: number
  createdBy: string | null
  updatedBy: string | null
}

/** A record as a caller gives it. */
interface GivenRecord {
  inputs: Document
  /** absent: as it was */
  outputs?: unknown
  expectations: Document
  tags: Document
  source: Document | undefined
}

type Row = Selectable<EvaluationTables['evaluation_records']>
const sourceTypes = ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE']
const chunk = 200
const pageOf = 1000

const toRecord = (row: Row): EvaluationRecord => ({
  id: row.record,
  dataset: row.dataset,
  inputs: row.inputs,
  outputs: row.outputs,
  expectations: row.expectations,
  tags: row.tags,
  source: row.source,
  sourceType: row.source === null ? null : (JSON.parse(row.source) as { source_type: string }).source_type,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  createdBy: row.created_by,
  updatedBy: row.updated_by,
})

const merged = (before: string | null, given: Document): string | null =>
  Object.keys(given).length === 0
    ? before
    : JSON.stringify({ ...(before === null ? {} : (parseExactly(before, 'It') as Document)), ...given })

/** The examples of evaluation datasets. The same inputs are one record, which later ones add to. */
export function createRecords({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  async function writeChunk(change: Change, dataset: string, given: ReadonlyMap<string, GivenRecord[]>) {
    const there = new Map<string, Row>()
    for (const row of await change.db
      .selectFrom('evaluation_records')
      .selectAll()
      .where('dataset', '=', dataset)
      .where('input_digest', 'in', [...given.keys()])
      .execute())
      there.set(row.input_digest, row)
    const added: Omit<Row, 'id'>[] = []
    for (const [digest, records] of given) {
      const before = there.get(digest)
      const row: Omit<Row, 'id'> = before
        ? { ...before }
        : {
            record: `dr-${randomUUID().replaceAll('-', '')}`,
            dataset,
            input_digest: digest,
            inputs: JSON.stringify(records[0]!.inputs),
            // MLflow's answers have an empty object where no outputs were given
            outputs: '{}',
            expectations: null,
            tags: null,
            source: records[0]!.source === undefined ? null : JSON.stringify(records[0]!.source),
            created_at: change.now,
            updated_at: change.now,
            created_by: userOf(records[0]!),
            updated_by: userOf(records[0]!),
          }
      for (const record of records) {
        if ('outputs' in record) row.outputs = record.outputs === null ? null : JSON.stringify(record.outputs)
        row.expectations = merged(row.expectations, record.expectations)
        row.tags = merged(row.tags, record.tags)
        row.updated_by = userOf(record) ?? row.updated_by
      }
      if (!before) added.push(row)
      else {
        const { outputs, expectations, tags, updated_by } = row
        await change.db
          .updateTable('evaluation_records')
          .set({ outputs, expectations, tags, updated_by, updated_at: change.now })
          .where('record', '=', before.record)
          .execute()
      }
    }
    if (added.length > 0) await change.db.insertInto('evaluation_records').values(added).execute()
    return added.length
  }

  const changed = (
    change: Change,
    row: DatasetRow,
    counts: { inserted?: number; updated?: number; deleted?: number },
  ) =>
    change.append({
      type: 'evaluation_dataset.changed',
      project: row.project,
      subject: `evaluation_dataset/${row.id}`,
      data: { dataset: row.id, name: row.name, inserted: 0, updated: 0, deleted: 0, ...counts },
    })

  return {
    /** `records` is the JSON of a list: { inputs, outputs?, expectations?, tags?, source? }. Errors: `not_found`, `invalid_input`. */
    upsert: (
      context: ChangeContext,
      project: string,
      dataset: string,
      records: string,
    ): Promise<{ inserted: number; updated: number }> => {
      const given = readRecords(records)
      return journal.change(context, async (change) => {
        await change.lock(`evaluation_dataset/${dataset}`)
        const row = await findDataset(change.db, project, dataset)
        const byInputs = Map.groupBy(given, digestOf)
        const digests = [...byInputs.keys()]
        let inserted = 0
        for (let i = 0; i < digests.length; i += chunk)
          inserted += await writeChunk(
            change,
            dataset,
            new Map(digests.slice(i, i + chunk).map((digest) => [digest, byInputs.get(digest)!])),
          )
        const updated = given.length - inserted
        await change.db
          .updateTable('evaluation_datasets')
          .set({
            schema: schemaWith(row.schema, given),
            records: Number(row.records) + inserted,
            digest: datasetDigest(row.name, change.now),
            updated_at: change.now,
            updated_by: given.map(userOf).findLast((user) => user !== null) ?? null,
          })
          .where('id', '=', dataset)
          .execute()
        changed(change, row, { inserted, updated })
        return { inserted, updated }
      })
    },

    /** In the order in which they came. */
    async list(
      project: string,
      dataset: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined } = {},
    ): Promise<{ items: EvaluationRecord[]; next?: string }> {
      await findDataset(store.read, project, dataset)
      const limit = checkMaxResults(page.maxResults || undefined, 50_000, pageOf)
      const rows = await store.read
        .selectFrom('evaluation_records')
        .selectAll()
        .where('dataset', '=', dataset)
        .where('id', '>', decodePosition(page.pageToken))
        .orderBy('id')
        .limit(limit + 1)
        .execute()
      const items = rows.slice(0, limit)
      return {
        items: items.map(toRecord),
        ...(rows.length > limit ? { next: Buffer.from(`after:${items.at(-1)!.id}`).toString('base64') } : {}),
      }
    },

    /** How many were there to be deleted. */
    delete: (context: ChangeContext, project: string, dataset: string, ids: readonly string[]): Promise<number> =>
      journal.change(context, async (change) => {
        await change.lock(`evaluation_dataset/${dataset}`)
        const row = await findDataset(change.db, project, dataset)
        let deleted = 0
        for (let i = 0; i < ids.length; i += chunk) {
          const done = await change.db
            .deleteFrom('evaluation_records')
            .where('dataset', '=', dataset)
            .where('record', 'in', ids.slice(i, i + chunk))
            .executeTakeFirst()
          deleted += Number(done.numDeletedRows)
        }
        if (deleted === 0) return 0
        await change.db
          .updateTable('evaluation_datasets')
          .set({
            records: Number(row.records) - deleted,
            digest: datasetDigest(row.name, change.now),
            updated_at: change.now,
          })
          .where('id', '=', dataset)
          .execute()
        changed(change, row, { deleted })
        return deleted
      }),
  }
}

const invalid = (what: string) => new KedgeError('invalid_input', { what })

function readRecords(text: string): GivenRecord[] {
  const list = parseExactly(text, 'records')
  if (!Array.isArray(list)) throw invalid('records must be a JSON list')
  return list.map((record, i) => {
    if (!isDocument(record)) throw invalid(`records[${i}] must be an object`)
    const part = (name: string): Document | undefined => {
      const value = record[name]
      if (value === undefined || value === null) return undefined
      if (!isDocument(value)) throw invalid(`records[${i}].${name} must be an object`)
      return value
    }
    return {
      inputs: part('inputs') ?? {},
      ...('outputs' in record ? { outputs: record.outputs } : {}),
      expectations: part('expectations') ?? {},
      tags: part('tags') ?? {},
      source: readSource(part('source'), i),
    }
  })
}

function readSource(source: Document | undefined, i: number): Document | undefined {
  if (source === undefined) return undefined
  const type = String(source.source_type ?? '').toUpperCase()
  if (!sourceTypes.includes(type))
    throw invalid(
      `records[${i}].source: Invalid dataset record source type: ${type}. Valid are ${sourceTypes.join(', ')}`,
    )
  return { source_type: type, source_data: source.source_data ?? {} }
}

const userOf = (record: GivenRecord): string | null =>
  typeof record.tags[userTag] === 'string' ? (record.tags[userTag] as string) : null

const digestOf = (record: GivenRecord) =>
  createHash('sha256')
    .update(JSON.stringify(sortedKeys(record.inputs)))
    .digest('hex')

/** The first type that a name was seen with stays. */
function schemaWith(before: string | null, records: readonly GivenRecord[]): string | null {
  if (before === null && records.length === 0) return null
  const schema = (
    before === null ? { inputs: {}, outputs: {}, expectations: {}, version: '1.0' } : JSON.parse(before)
  ) as { inputs: Document; outputs: unknown; expectations: Document; version: string }
  const learn = (into: Document, from: Document) => {
    for (const [key, value] of Object.entries(from)) if (!Object.hasOwn(into, key)) into[key] = typeName(value)
  }
  for (const { inputs, outputs, expectations } of records) {
    learn(schema.inputs, inputs)
    learn(schema.expectations, expectations)
    if (isDocument(outputs) && isDocument(schema.outputs)) learn(schema.outputs, outputs)
    else if (outputs !== undefined && outputs !== null && !isDocument(outputs))
      if (isDocument(schema.outputs) && Object.keys(schema.outputs).length === 0) schema.outputs = typeName(outputs)
  }
  return JSON.stringify(schema)
}

function decodePosition(token: string | undefined): number {
  if (!token) return 0
  const found = /^after:(\d{1,15})$/.exec(Buffer.from(token, 'base64').toString())
  if (!found) throw invalid('Invalid page token')
  return Number(found[1])
}
