import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { KedgeError } from '../errors.ts'
import { contextOf } from '../jobs/job-context.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { dataName, type SourceSpec } from './dataset-spec.ts'
import { documentDigest } from './document-digest.ts'
import { landed } from './source/landed.ts'
import { openSource } from './source/open-source.ts'
import type { SourceAccess } from './source/source-access.ts'
import { sourceError } from './source/source-error.ts'
import { stage, staged } from './source/stage.ts'
import type { DatasetVersion } from './version/dataset-version.ts'
import { type KeepTableDeps, keepTable } from './version/keep-table.ts'
import { runFolder } from './version/run-folder.ts'

/** Kinds of files that another tool's history may consist of. */
export const importedKinds = ['csv', 'jsonl', 'parquet', 'arrow', 'avro', 'orc'] as const

export const importedVersion = z.strictObject({
  dataset: dataName,
  /** of an uploaded file */
  blob: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(importedKinds),
  /** how the other tool names the content; the same again makes no other version */
  origin: z.strictObject({ tool: z.string().max(50), state: z.string().min(1).max(300), place: z.string().max(2000) }),
  label: z.string().max(500).optional(),
})
export type ImportedVersion = z.output<typeof importedVersion>

const jobKind = 'data.import'

/** Makes versions of files that another tool had under its own versioning. Registers the job `data.import`. */
export function createImportVersions(deps: KeepTableDeps & { access: SourceAccess }) {
  const { environment, versions, access } = deps
  const { blobs, jobs, journal, dataDirectory } = environment

  async function make(
    context: ChangeContext,
    project: string,
    { dataset, blob, kind, origin, label }: ImportedVersion,
    signal: AbortSignal,
  ): Promise<DatasetVersion> {
    const inputKey = documentDigest(['import', origin.tool, origin.state, kind])
    const known = await versions.byInput(project, dataset, inputKey)
    if (known) return known
    const path = await blobs.localPath(blob)
    const file = { path, digest: async () => blob }
    const spec: SourceSpec = { kind, path }
    const here = { ...access, files: { ...access.files, one: async () => file, all: async () => file } }
    const folder = runFolder(dataDirectory)
    try {
      await mkdir(folder, { recursive: true })
      const source = await openSource(here, project, dataset, spec, signal)
      const copy = join(folder, 'source.parquet')
      await stage(deps.engine, await landed(source.table, folder, { signal }), copy, { signal })
      const table = await staged(deps.engine, source.table, [copy])
      return await keepTable(deps, context, {
        ...{ project, dataset, table, folder, inputKey, label: label ?? null, signal },
        specDigest: documentDigest([origin.tool, kind]),
        sources: (rows) => [
          {
            name: origin.place,
            kind: origin.tool,
            configDigest: documentDigest(origin.place),
            state: origin.state,
            rows,
          },
        ],
      })
    } catch (error) {
      throw sourceError(error, dataset, `${dataset} (${origin.place}, ${origin.state})`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  jobs.handle<ImportedVersion>({
    kind: jobKind,
    concurrency: 1,
    async run(job, { signal }) {
      const made = await make(contextOf(job), job.project, job.payload, signal)
      return { result: { version: made.version, digest: made.digest, rowCount: made.rowCount } }
    },
  })

  return {
    /** Enqueues it; the job's result is `{ version, digest, rowCount }`. Errors: `not_found` without the blob. */
    async enqueue(context: ChangeContext, project: string, wanted: ImportedVersion): Promise<{ jobId: number }> {
      if (!(await blobs.stat(wanted.blob))) throw new KedgeError('not_found', { kind: 'The upload', name: wanted.blob })
      const jobId = await journal.change(context, (change) =>
        jobs.enqueue(change, { kind: jobKind, project, payload: wanted }),
      )
      return { jobId: jobId! }
    },
  }
}
export type ImportVersions = ReturnType<typeof createImportVersions>
