import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { datasetVersionSummary } from '../../protocols/kedge/schemas/data.ts'
import type { ApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'
import { pointInTime } from '../option-values.ts'
import { bytes, moment } from '../readable.ts'

export type DatasetVersion = z.output<typeof datasetVersionSummary>

/** Adds `kedge data` with its subcommands. */
export function addData(program: Command, act: Act): void {
  const data = program.command('data').description('Make and list dataset versions')

  const materialise = data
    .command('materialise <dataset>')
    .description('Pull, curate and check the rows of a dataset; makes a version')
    .option('--from <time>', 'first event time', pointInTime)
    .option('--to <time>', 'end of the window, not in it', pointInTime)
    .option('--label <text>', 'a word to find it by')
    .addHelpText('after', '\nExamples:\n  $ kedge data materialise flights --from 2001-01-01 --to 2001-02-01')
  act<{ from?: number; to?: number; label?: string }>(
    materialise,
    async ({ api, terminal, project, world }, options, [dataset]) => {
      const version = await materialiseDataset(api, project, dataset!, options, world.signal)
      terminal.answer(version, () => versionTable(terminal.table, [version]))
      if (version.state === 'rejected')
        throw new KedgeError(
          'conflict',
          {
            what: `Version ${version.version} of ${dataset} was rejected: ${version.expectations
              .filter(({ ok }) => !ok)
              .map(({ message }) => message)
              .join('; ')}`,
          },
          { todo: 'Look at the quarantine and the source, or change what is expected.' },
        )
    },
  )

  act(
    data.command('versions <dataset>').description('List the versions of a dataset, newest first'),
    async ({ api, terminal, project }, _options, [dataset]) => {
      const answer = await api.get<{ items: DatasetVersion[] }>(
        `/api/v1/projects/${encodeURIComponent(project)}/datasets/${encodeURIComponent(dataset!)}/versions`,
      )
      terminal.answer(answer, () => versionTable(terminal.table, answer.items))
    },
  )
}

/** Makes a version and waits for it. Errors: the job's. */
export async function materialiseDataset(
  api: ApiClient,
  project: string,
  dataset: string,
  window: { from?: number; to?: number; label?: string },
  signal: AbortSignal,
): Promise<DatasetVersion> {
  const base = `/api/v1/projects/${encodeURIComponent(project)}`
  const { jobId } = await api.send<{ jobId: number }>(
    'POST',
    `${base}/datasets/${encodeURIComponent(dataset)}/materialise`,
    window,
  )
  for (;;) {
    const job = await api.get<{
      state: string
      result: { version?: number } | null
      error: { code: string; message: string; todo: string } | null
    }>(`${base}/jobs/${jobId}`)
    if (job.state === 'succeeded')
      return api.get(`${base}/datasets/${encodeURIComponent(dataset)}/versions/${job.result?.version ?? 'latest'}`)
    if (job.state === 'failed' || job.state === 'cancelled')
      throw new KedgeError(
        'conflict',
        { what: job.error?.message ?? `The job ${job.state}` },
        { todo: job.error?.todo ?? 'See the log of the server.' },
      )
    if (signal.aborted) throw new KedgeError('cancelled', { what: 'Waiting' })
    await new Promise((done) => setTimeout(done, 200))
  }
}

const versionTable = (
  table: (columns: string[], rows: (string | number | null)[][]) => string,
  versions: DatasetVersion[],
) =>
  table(
    ['DATASET', 'VERSION', 'STATE', 'ROWS', 'QUARANTINED', 'REMOVED', 'SIZE', 'WINDOW', 'DIGEST'],
    versions.map((v) => [
      v.dataset,
      v.version,
      v.state,
      v.rowCount,
      v.counts.quarantined,
      v.counts.removed,
      bytes(v.bytes),
      v.window ? `${moment(v.window.from)} – ${moment(v.window.to)}` : null,
      v.digest.slice(0, 12),
    ]),
  )
