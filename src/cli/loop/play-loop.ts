import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { datasetVersionAnswer } from '../../protocols/kedge/schemas/data.ts'
import type { journalEvent } from '../../protocols/kedge/schemas/journal.ts'
import type { alertList, monitoringOverview } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointDetail } from '../../protocols/kedge/schemas/serving.ts'
import type { ApiClient } from '../api-client.ts'
import { sendProjectFile } from '../commands/apply.ts'
import { materialiseDataset } from '../commands/data.ts'
import { readLineage } from '../commands/lineage.ts'
import { type PipelineRun, runError, waitForRun } from '../commands/run.ts'
import { openAcknowledgements } from './acknowledgements.ts'
import { createFlightClient } from './flight-client.ts'
import { flightsExample } from './flights-example.ts'
import { type LoopChecks, loopChecks } from './loop-checks.ts'
import { pairWithFirst, readRecorded } from './recorded-pairs.ts'
import { day, dayText, replayDays } from './replay-days.ts'
import { settle } from './settle.ts'
import type { StageReport } from './stage-report.ts'
import { createStory } from './story.ts'
import { readTrainingMetrics } from './training-metrics.ts'
import { playUnchangedWorld } from './unchanged-world.ts'
import { weeklyWorth, worthOf } from './worth.ts'
import { worthPlot } from './worth-plot.ts'

type EndpointDetail = z.output<typeof endpointDetail>
type JournalEvent = z.output<typeof journalEvent>

export interface LoopOptions {
  /** of the server; waits while it is away */
  api: ApiClient
  /** folder for the client's own files: acknowledgements, plot */
  folder: string
  cwd: string
  report: StageReport
  signal: AbortSignal
  /** first and last day of the replay, midnight UTC; the last is not in it */
  from?: number
  until?: number
  /** least time a day takes, in milliseconds, so that one can watch */
  pace?: number
  /** how often the server was started again so far */
  restarts?(): number
}

const project = 'flights'
const endpoint = 'delay'
const january = Date.UTC(2001, 0, 1)
export const replayStart = Date.UTC(2001, 1, 1)
export const replayEnd = Date.UTC(2001, 6, 1)
const base = `/api/v1/projects/${project}`

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
  const last = pairs.filter(({ revision }) => revision === 1).at(-1)
  const after = last ? pairs.filter(({ time }) => time > last.time) : pairs
  const worth = worthOf(after)
  const weeks = weeklyWorth(after)
  const plot = join(folder, 'worth.svg')
  writeFileSync(plot, worthPlot(weeks, firstDays(pairs)))
  report.stage('worth', {
    ...worth,
    weeks: weeks.map(({ week, lateShare, worth: { rows, logLoss } }) => ({
      week,
      rows,
      lateShare,
      logLoss: logLoss && { retrained: logLoss.retrained, never: logLoss.never, difference: logLoss.difference },
    })),
    plot,
  })
  tellWorth(report, worth)

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

async function readyEndpoint(api: ApiClient, signal: AbortSignal): Promise<EndpointDetail> {
  const deadline = Date.now() + 120_000
  for (;;) {
    const detail = await api.get<EndpointDetail>(`${base}/endpoints/${endpoint}`)
    if (detail.state === 'ready' && detail.addresses.http) return detail
    if (detail.state === 'failed')
      throw new KedgeError('conflict', { what: `The first revision of ${endpoint} cannot be loaded` })
    if (Date.now() > deadline)
      throw new KedgeError('unavailable', {
        what: `The endpoint ${endpoint} is still ${detail.state}: its first version may not have passed its gate`,
      })
    await pause(100, undefined, { signal })
  }
}

/** One day after the other: the day's predictions, the truth of the day before, then what follows from it. */
async function replay(
  options: LoopOptions & {
    from: number
    until: number
    days: ReadonlyMap<number, Parameters<ReturnType<typeof createFlightClient>['predict']>[0]>
    head: number
  },
): Promise<void> {
  const { api, report, signal, from, until, days, folder } = options
  const acknowledgements = openAcknowledgements(join(folder, 'acknowledged.ndjson'))
  let address: string | undefined
  const client = createFlightClient({
    async predictUrl() {
      address ??= (await readyEndpoint(api, signal)).addresses.http ?? undefined
      return `${address}/endpoints/${endpoint}/predict`
    },
    actualsUrl: `${api.url}${base}/endpoints/${endpoint}/actuals`,
    acknowledgements,
    signal,
  })
  const story = await createStory(api, project, report, options.head)
  const overview = await api.get<z.output<typeof monitoringOverview>>(`${base}/endpoints/${endpoint}/monitoring`)
  const reached =
    overview.lastPrediction === null ? from : Math.max(from, Math.floor(overview.lastPrediction / day) * day)
  if (reached > from) report.progress(`Going on with ${dayText(reached)}`)
  report.progress(`Replaying ${dayText(from)} to ${dayText(until - day)}, one day after the other …`)

  const flightsOf = (midnight: number) => days.get(midnight) ?? []
  let expected = 0
  for (let midnight = from; midnight < reached; midnight += day) expected += flightsOf(midnight).length
  let asked = 0
  let week = Date.now()
  // a day more than there are days: it brings the truth of the last one
  for (let midnight = reached; midnight <= until; midnight += day) {
    const begun = Date.now()
    const today = dayText(midnight)
    const flights = midnight < until ? flightsOf(midnight) : []
    expected += flights.length
    asked += await client.predict(flights)
    await client.tell(flightsOf(midnight - day).filter(({ time }) => time >= from))
    await settle(api, project, endpoint, { predictions: expected, signal })
    await settleRelease(api, signal)
    await story.tell(today)
    if (new Date(midnight).getUTCDay() === 0) {
      report.progress(`  ${today}  ${expected} predictions (${((Date.now() - week) / 7000).toFixed(1)} s a day)`)
      week = Date.now()
    }
    const left = (options.pace ?? 0) - (Date.now() - begun)
    if (left > 0) await pause(left, undefined, { signal })
  }
  report.stage('replay', { from: dayText(from), to: dayText(until - day), predictions: expected, askedNow: asked })
}

/** While a release is under way, waits for what inference processes report twice a second to have been judged. */
async function settleRelease(api: ApiClient, signal: AbortSignal): Promise<void> {
  const { release } = await api.get<EndpointDetail>(`${base}/endpoints/${endpoint}`)
  if (release?.state === 'running') await pause(1200, undefined, { signal })
}

/** Days on which a later revision first answered a caller. */
function firstDays(pairs: readonly { revision: number; time: number }[]): string[] {
  const first = new Map<number, number>()
  for (const { revision, time } of pairs) if (!first.has(revision)) first.set(revision, time)
  return [...first].filter(([revision]) => revision > 1).map(([, time]) => dayText(time))
}

function tellWorth(report: StageReport, worth: ReturnType<typeof worthOf>) {
  if (worth.rows === 0)
    return report.progress('No retrained version has come to answer every caller, so there is nothing to compare.')
  report.progress(
    `Was retraining worth it? ${worth.rows} flights from ${worth.from} to ${worth.to}, against the first version kept in shadow:`,
  )
  const line = (name: string, measure: typeof worth.logLoss, better: number) => {
    if (!measure) return report.progress(`  ${name}: too few rows`)
    const { retrained, never, difference, low, high } = measure
    const verdict =
      low * better > 0 && high * better > 0
        ? 'better'
        : low * better < 0 && high * better < 0
          ? 'worse'
          : 'no clear difference'
    report.progress(
      `  ${name}: ${retrained.toFixed(4)} against ${never.toFixed(4)}, difference ${difference.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]: ${verdict}`,
    )
  }
  line('log loss', worth.logLoss, -1)
  line('Brier score', worth.brier, -1)
  line('AUC', worth.auc, 1)
}
