import type { Command } from 'commander'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type {
  datasetVersionSummary,
  diffAnswer,
  previewAnswer,
  rowsAnswer,
  sqlAnswer,
  suggestionAnswer,
} from '../../protocols/kedge/schemas/data.ts'
import type { ApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'
import { pointInTime } from '../option-values.ts'
import { bytes, moment } from '../readable.ts'

export type DatasetVersion = z.output<typeof datasetVersionSummary>

/** Adds `kedge data` with its subcommands. */
export function addData(program: Command, act: Act): void {
  const data = program.command('data').description('Make, compare, name and look into dataset versions')

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
  addLooks(data, act)
  addVersionCommands(data, act)
}

const baseOf = (project: string, dataset: string) =>
  `/api/v1/projects/${encodeURIComponent(project)}/datasets/${encodeURIComponent(dataset)}`
const versionOf = (project: string, dataset: string, version: string | undefined) =>
  `${baseOf(project, dataset)}/versions/${encodeURIComponent(version ?? 'latest')}`

/** What looks at a dataset: SQL, preview, suggestions, differences. */
function addLooks(data: Command, act: Act): void {
  act<{ step?: string }>(
    data
      .command('sql <dataset>')
      .description('Show the SQL that the steps of a dataset are compiled to')
      .option('--step <number>', 'only up to this step; 0 is reading'),
    async ({ api, terminal, project }, { step }, [dataset]) => {
      const answer = await api.get<z.output<typeof sqlAnswer>>(`${baseOf(project, dataset!)}/sql`)
      const shown = step === undefined ? answer.sql : answer.steps[Number(step)]?.sql
      if (shown === undefined) throw new KedgeError('invalid_input', { what: `There is no step ${step}` })
      terminal.answer(answer, () => `${shown}\n`)
    },
  )
  act<{ column?: string; rows?: string }>(
    data
      .command('preview <dataset>')
      .description('Do the steps of a dataset on the first rows of its source: what comes, goes and changes at each')
      .option('--column <name>', 'show its distribution before and after each step')
      .option('--rows <number>', 'rows that are looked at', '10000'),
    async ({ api, terminal, project }, { column, rows }, [dataset]) => {
      const { spec } = await api.get<{ spec: Record<string, unknown> }>(baseOf(project, dataset!))
      const answer = await api.send<z.output<typeof previewAnswer>>(
        'POST',
        `/api/v1/projects/${encodeURIComponent(project)}/datasets/preview`,
        { spec, rows: Number(rows), ...(column === undefined ? {} : { column }) },
      )
      terminal.answer(answer, () =>
        terminal.table(
          ['STEP', 'OPERATION', 'IN', 'OUT', 'ADDED', 'QUARANTINED', 'REMOVED', 'WHY'],
          answer.steps.map((one) => [
            one.step,
            one.operation,
            one.in,
            one.out,
            one.added,
            one.quarantined,
            one.removed,
            one.reasons.map(({ reason, rows: n }) => `${reason} (${n})`).join('; '),
          ]),
        ),
      )
    },
  )
  act(
    data
      .command('suggest <dataset> [version]')
      .description('Suggest expectations that the rows of a version speak for'),
    async ({ api, terminal, project }, _options, [dataset, version]) => {
      const answer = await api.get<{ items: z.output<typeof suggestionAnswer>[] }>(
        `${versionOf(project, dataset!, version)}/suggestions`,
      )
      terminal.answer(answer, () =>
        [
          'expect:',
          ...answer.items.map(({ expectation, why }) => `  - ${JSON.stringify(expectation)} # ${why}`),
          '',
        ].join('\n'),
      )
    },
  )
  act<{ by?: string }>(
    data
      .command('diff <dataset> <a> <b>')
      .description('Compare two versions (numbers, tags or latest): schema, rows, keys, distributions')
      .option('--by <columns>', 'columns that name a row, with commas between'),
    async ({ api, terminal, project }, { by }, [dataset, a, b]) => {
      const query = by === undefined ? '' : `?by=${encodeURIComponent(by)}`
      const answer = await api.get<z.output<typeof diffAnswer>>(
        `${versionOf(project, dataset!, a)}/diff/${encodeURIComponent(b!)}${query}`,
      )
      terminal.answer(answer, () => diffText(terminal.table, answer))
    },
  )
}

/** What names, keeps, lets go and gives out versions. */
function addVersionCommands(data: Command, act: Act): void {
  act(
    data.command('tag <dataset> <version> <tag>').description('Name a version; a name that is taken moves'),
    async ({ api, terminal, project }, _options, [dataset, version, tag]) => {
      const found = await api.get<DatasetVersion>(versionOf(project, dataset!, version))
      await api.send('PUT', `${baseOf(project, dataset!)}/tags/${encodeURIComponent(tag!)}`, { version: found.version })
      terminal.answer({ dataset, version: found.version, tag }, () => `${dataset}@${found.version} is ${tag}\n`)
    },
  )
  act<{ off?: boolean }>(
    data
      .command('pin <dataset> <version>')
      .description('Keep the rows of a version whatever the retention says')
      .option('--off', 'no longer'),
    async ({ api, terminal, project }, { off }, [dataset, version]) => {
      await api.send('PUT', `${versionOf(project, dataset!, version)}/pin`, { pinned: off !== true })
      terminal.answer(
        { dataset, version, pinned: off !== true },
        () => `${dataset}@${version} is ${off ? 'no longer ' : ''}pinned\n`,
      )
    },
  )
  act(
    data.command('as-of <dataset> <time>').description('Show the version that was the newest published one at a time'),
    async ({ api, terminal, project }, _options, [dataset, time]) => {
      const answer = await api.get<DatasetVersion>(`${baseOf(project, dataset!)}/as-of?time=${pointInTime(time!)}`)
      terminal.answer(answer, () => versionTable(terminal.table, [answer]))
    },
  )
  act(
    data
      .command('quarantine <dataset> [version]')
      .description('Show the rows that a version has set aside, with the step and the reason'),
    async ({ api, terminal, project }, _options, [dataset, version]) => {
      const answer = await api.get<z.output<typeof rowsAnswer>>(`${versionOf(project, dataset!, version)}/quarantine`)
      terminal.answer(answer, () =>
        terminal.table(
          answer.columns.map(({ name }) => name.toUpperCase()),
          answer.rows.map((row) => row.map((value) => (value === null ? null : String(value)))),
        ),
      )
    },
  )
}

function diffText(
  table: (columns: string[], rows: (string | number | null)[][]) => string,
  { schema, rows, keys, columns }: z.output<typeof diffAnswer>,
): string {
  const lines = [
    ...schema.added.map(({ name, type }) => `+ column ${name} (${type})`),
    ...schema.removed.map(({ name, type }) => `- column ${name} (${type})`),
    ...schema.changed.map(({ name, from, to }) => `~ column ${name}: ${from} → ${to}`),
    `rows: ${rows.a} → ${rows.b}; ${rows.common} the same, ${rows.added} added, ${rows.removed} removed`,
    ...(keys
      ? [
          `by ${keys.by.join(', ')}: ${keys.added} added, ${keys.removed} removed, ${keys.changed} changed${keys.repeated > 0 ? `, ${keys.repeated} keys repeated` : ''}`,
          ...Object.entries(keys.columns ?? {}).map(([name, n]) => `  ${name} changed in ${n} rows`),
        ]
      : []),
  ]
  const distances = columns.filter(({ distance }) => distance && distance.value > 0)
  return `${lines.join('\n')}\n${
    distances.length === 0
      ? ''
      : table(
          ['COLUMN', 'DISTANCE', 'MISSING', 'MEAN', 'DISTINCT'],
          distances.map(({ name, distance, missing, mean, distinct }) => [
            name,
            Number(distance!.value.toPrecision(3)),
            `${(missing.a * 100).toFixed(2)} → ${(missing.b * 100).toFixed(2)} %`,
            mean.a === null || mean.b === null
              ? null
              : `${Number(mean.a.toPrecision(6))} → ${Number(mean.b.toPrecision(6))}`,
            `${distinct.a} → ${distinct.b}`,
          ]),
        )
  }`
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
