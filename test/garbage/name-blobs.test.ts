import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameBlobs } from '../../src/garbage/name-blobs.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

/** Columns whose name sounds like digests of blobs, with what they are instead. A new one is listed here or in its domain's `blob-columns.ts`. */
const otherDigests: Record<string, string> = {
  'datasets.spec_digest': 'of a document in the same row',
  'dataset_versions.spec_digest': 'of a document that is kept in the row',
  'dataset_versions.input_key': 'of what the version is a function of',
  'pipelines.digest': 'of the spec and the names of its files',
  'pipeline_code.digest': 'of the spec and the names of its files',
  'pipeline_steps.digest': 'of everything that the step depends on',
  'pipeline_steps.code_digest': 'of a list of files',
  'pipeline_steps.environment_digest': 'of a lock file as it was understood',
  'model_versions.code_digest': 'of a list of files',
  'model_versions.environment_digest': 'of a lock file as it was understood',
  'input_datasets.digest': "a client's own word for a dataset, at most 36 characters",
  'logged_model_metrics.dataset_digest': "a client's own word for a dataset",
  'evaluation_datasets.digest': 'of its name and time',
  'evaluation_records.input_digest': 'of the inputs in the same row',
  'evaluation_records.inputs': "a client's document",
  'evaluation_records.outputs': "a client's document",
  'artifact_uploads.key_digest': 'of a key',
  'artifact_uploads.digest': 'of bytes whose name is in artifact_files',
  'model_profiles.inputs': 'of what the profile is a function of: without them it is only out of date',
  'stream_pushes.digest': 'of a body that was taken in, under its idempotency key',
  'feature_declarations.spec_digest': 'of the declaration in the same row',
  'logged_files.digest': 'of a file that was taken in, and of how it was read',
  'journal.hash': 'of the chain',
  'tokens.hash': 'of a token',
  'runs.artifact_uri': 'an address whose files are in artifact_files',
  'logged_models.artifact_uri': 'an address whose files are in artifact_files',
  'experiments.artifact_location': 'an address whose files are in artifact_files',
}

let directory: string
let store: SqlStore
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-names-'))
  store = await openSqlite(directory, Date.now)
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const columnsOf = async () => {
  const { rows } = await sql<{ table: string; column: string; key: number }>`
    select m.name as "table", c.name as "column", c.pk as key from sqlite_master m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%'`.execute(store.read)
  return rows
}

it('knows every column that may name a blob', async () => {
  const listed = new Set(nameBlobs.map(({ table, column }) => `${table}.${column}`))
  const suspicious = (await columnsOf())
    .filter(({ column }) => /digest|hash|blob|artifact|files|outputs|inputs$|^reference$|(^|_)sha(256)?$/.test(column))
    .map(({ table, column }) => `${table}.${column}`)
  expect(suspicious.length).toBeGreaterThan(20)
  expect(suspicious.filter((name) => !listed.has(name) && !(name in otherDigests))).toEqual([])
})

it('names only columns that exist, with their primary keys', async () => {
  const columns = await columnsOf()
  for (const { table, column, key } of nameBlobs) {
    const own = columns.filter((one) => one.table === table)
    expect(
      own.map((one) => one.column),
      `${table}.${column}`,
    ).toContain(column)
    const primary = own
      .filter((one) => one.key > 0)
      .sort((a, b) => a.key - b.key)
      .map((one) => one.column)
    expect(primary, table).toEqual(key)
  }
})
