import { join } from 'node:path'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { datasetVersionAnswer } from '../../protocols/kedge/schemas/data.ts'
import type { journalEvent } from '../../protocols/kedge/schemas/journal.ts'
import type { alertList, monitoringOverview } from '../../protocols/kedge/schemas/monitoring.ts'
import type { ApiClient } from '../api-client.ts'
import { sendProjectFile } from '../commands/apply.ts'
import { materialiseDataset } from '../commands/data.ts'
import { readLineage } from '../commands/lineage.ts'
import { type PipelineRun, runError, waitForRun } from '../commands/run.ts'
import { openAcknowledgements } from './acknowledgements.ts'
import { base, endpoint, january, project, replayEnd, replayStart } from './example-names.ts'
import { flightsExample } from './flights-example.ts'
import { type LoopChecks, loopChecks } from './loop-checks.ts'
import type { LoopOptions } from './loop-options.ts'
import { proveWorth } from './prove-worth.ts'
import { pairWithFirst, readRecorded } from './recorded-pairs.ts'
import { readyEndpoint, replay } from './replay.ts'
import { day, replayDays } from './replay-days.ts'
import { readTrainingMetrics } from './training-metrics.ts'
import { playUnchangedWorld } from './unchanged-world.ts'

type JournalEvent = z.output<typeof journalEvent>

/**
 * Plays the flights example to its end and checks that the loop has closed. Where it is follows from what the server and
 * the client's own file have durably, so after a crash the same call goes on. Resolves with the checks; what cannot go on
 * is thrown.
 */
export async function playLoop(options: LoopOptions): Promise<LoopChecks> {
  const { api, report, signal, folder } = options
  const from = options.from ?? replayStart
  const until = options.until ?? replayEnd
  const started = Date.now()

  const example = flightsExample(options.cwd)
  const changes = await sendProjectFile(api, example)
  report.stage('apply', { project, changes: changes.map(({ kind, name, action }) => `${action} ${kind} ${name}`) })
  report.progress('The project is declared. Pulling January 2001 …')

  const first = await materialiseDataset(api, project, 'flights', { from: january, to: from, label: 'january' }, signal)
  if (first.state !== 'published')
    throw new KedgeError('conflict', { what: `The first version of the dataset was rejected` })
  report.stage('data', {
    dataset: first.dataset,
    version: first.version,
    digest: first.digest,
    counts: first.counts,
    quarantine: first.quarantine?.reasons ?? [],
    expectations: first.expectations.map(({ message }) => message),
    bytes: first.bytes,
  })
  report.progress(
    `  ${first.rowCount} flights, ${first.counts.quarantined} in quarantine, ${first.counts.removed} removed: version ${first.version}`,
  )
  const head = (await api.get<{ head: number }>('/api/v1/journal', { limit: 1 })).head

  report.progress('Training the first model (the first time its Python environment is built) …')
  const run = await firstTraining(api, from, (text) => report.progress(`  ${text}`), signal)
  report.stage('train', {
    run: run.id,
    steps: run.steps.map(({ name, state, usage, modelVersion, trackingRun, environmentDigest }) => ({
      name,
      state,
      usage,
      modelVersion,
      run: trackingRun,
      environmentDigest,
    })),
  })

  const released = await readyEndpoint(api, signal)
  report.stage('release', { endpoint, traffic: released.traffic, addresses: released.addresses })
  report.progress(`The endpoint answers at ${released.addresses.http}/endpoints/${endpoint}/predict`)

  const replayed = await materialiseDataset(
    api,
    project,
    'flights_replay',
    { from, to: replayEnd, label: 'replay' },
    signal,
  )
  const days = await replayDays(api, project, 'flights_replay', replayed.version)
  await replay({ ...options, from, until, days, head })

  const recorded = await readRecorded(api, project, endpoint, from, until)
  const pairs = pairWithFirst(recorded)
  const { worth, plot } = proveWorth(report, pairs, folder)

  const january_ = await materialiseDataset(
    api,
    project,
    'flights_replay',
    { from: january, to: from, label: 'reference' },
    signal,
  )
  report.progress('A stretch in which nothing changes: four weeks of days like those of January …')
  const unchanged = await playUnchangedWorld({
    api,
    project,
    model: 'delay',
    version: 1,
    flights: await replayDays(api, project, 'flights_replay', january_.version),
    days: 28,
    perDay: 200,
    log: join(folder, 'acknowledged-unchanged.ndjson'),
    signal,
  })
  report.stage('unchanged_world', { ...unchanged })

  const chosen = pairs[Math.floor(pairs.length * 0.618)]
  const lineage = chosen
    ? await readLineage(api, project, `prediction/${endpoint}/${chosen.id}`)
    : { things: [], edges: [] }
  report.stage('lineage', {
    prediction: chosen?.id,
    chain: lineage.edges.map(({ thing, relation, source }) => `${thing} ${relation} ${source}`),
  })
  const journal = await api.send<{ entries: number; hash: string }>('POST', '/api/v1/journal/verify')
  report.stage('journal', journal)

  const acknowledgements = openAcknowledgements(join(folder, 'acknowledged.ndjson'))
  const overview = await api.get<z.output<typeof monitoringOverview>>(`${base}/endpoints/${endpoint}/monitoring`)
  const events = await api.get<{ items: JournalEvent[] }>('/api/v1/journal', {
    project,
    order: 'asc',
    limit: 5000,
    type: 'alert.opened,rule.fired,gate.passed,gate.failed,release.started,release.finished,release.rolled_back',
  })
  const { items: alerts } = await api.get<z.output<typeof alertList>>(`${base}/alerts`, { endpoint })
  const version = await api.get<z.output<typeof datasetVersionAnswer>>(
    `${base}/datasets/flights/versions/${first.version}`,
  )
  const metrics = await readTrainingMetrics(api, project)
  const checks = loopChecks({
    endpoint,
    metrics,
    recorded,
    acknowledgements,
    overview,
    events: events.items,
    alerts,
    unchanged,
    lineage,
    version,
    journal,
  })
  report.stage('done', {
    closed: checks.every(({ ok }) => ok),
    total: Math.round((Date.now() - started) / 100) / 10,
    days: Math.round((until - from) / day),
    predictions: acknowledgements.predictions.size,
    actuals: acknowledgements.actuals.size,
    restarts: options.restarts?.() ?? 0,
    worth: {
      logLoss: worth.logLoss,
      brier: worth.brier,
      auc: worth.auc,
      rows: worth.rows,
      from: worth.from,
      to: worth.to,
    },
    plot,
    checks,
  })
  for (const { name, ok, found } of checks) report.progress(`${ok ? '  ok     ' : '  FAILED '} ${name}: ${found}`)
  return checks
}

/** The first run of the pipeline; one whose step was ended from outside is made again. */
async function firstTraining(
  api: ApiClient,
  asOf: number,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<PipelineRun> {
  for (let attempt = 1; ; attempt++) {
    const started = await api.send<PipelineRun>('POST', `${base}/pipelines/train/runs`, {
      asOf,
      key: `loop/first/${attempt}`,
    })
    const run = await waitForRun(api, project, started.id, progress, signal)
    if (run.state === 'succeeded') return run
    const ended = run.steps.some(({ reason }) => reason === 'signal' || reason === 'lost')
    if (!ended || attempt === 50) throw runError(run)
  }
}
