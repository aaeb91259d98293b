import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { z } from 'zod'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { importCheck, importFiles, importOutcomes } from '../../protocols/kedge/schemas/import.ts'
import type { ApiClient } from '../api-client.ts'
import type {
  MlflowSource,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourcePoint,
  SourceRun,
} from './mlflow-source.ts'

type Outcome = z.output<typeof importOutcomes>['items'][number]
type Check = z.output<typeof importCheck>['items'][number]

interface Tally {
  created: number
  /** were there already */
  present: number
  /** left out, as something else has their id */
  conflicts: number
}

export interface ImportReport {
  source: string
  project: string
  experiments: Tally
  runs: Tally
  loggedModels: Tally
  models: Tally
  versions: number
  points: number
  files: { stored: number; present: number; bytes: number }
  /** runs whose params, inputs and points are the same here as in the source, by counts and digests */
  verified: number
  /** what is not the same, and what could not be read */
  problems: string[]
  /** what is here differs from the source, and stayed */
  differences: string[]
}

const batch = 100
const pointsAtOnce = 10_000
/** characters: a run may have hundreds of params of thousands of characters */
const largestBatch = 4_000_000
const filesAtOnce = 4
const largestNumber = Number.MAX_VALUE

/** Reads everything of a source and sends it to a project; run again, it goes on where it stood and stores nothing twice. */
export async function importIntoKedge(
  source: MlflowSource,
  options: { api: ApiClient; project: string; signal: AbortSignal; progress(text: string): void },
): Promise<ImportReport> {
  const { api, project, signal, progress } = options
  const base = `/api/v1/projects/${encodeURIComponent(project)}/import`
  const tally = (): Tally => ({ created: 0, present: 0, conflicts: 0 })
  const report: ImportReport = {
    source: source.title,
    project,
    experiments: tally(),
    runs: tally(),
    loggedModels: tally(),
    models: tally(),
    versions: 0,
    points: 0,
    files: { stored: 0, present: 0, bytes: 0 },
    verified: 0,
    problems: [],
    differences: [],
  }
  /** experiment in the source → here */
  const experiments = new Map<string, string>()
  const runRoots = new Map<string, string>()
  const modelRoots = new Map<string, string>()

  const send = async (what: string, items: unknown[]): Promise<Outcome[]> =>
    items.length === 0
      ? []
      : (await api.send<z.output<typeof importOutcomes>>('POST', `${base}/${what}`, { items })).items
  function count(kind: string, counts: Tally, outcomes: readonly Outcome[]) {
    for (const { id, result, differences } of outcomes) {
      counts[result === 'conflict' ? 'conflicts' : result]++
      if (differences.length > 0)
        (result === 'conflict' ? report.problems : report.differences).push(`${kind} ${id}: ${differences.join(', ')}`)
    }
  }

  async function copyFiles(root: string, artifacts: string, owner: { run: string } | { model: string }) {
    const here = new Map<string, { digest: string; bytes: number }>()
    let listed = false
    const name = 'run' in owner ? `run ${owner.run}` : `logged model ${owner.model}`
    const copies = new Set<Promise<void>>()
    try {
      for await (const file of source.files(artifacts, owner)) {
        signal.throwIfAborted()
        if (!listed) {
          const known = await api.get<z.output<typeof importFiles>>(`${base}/files`, { root })
          for (const one of known.items) here.set(one.path, one)
          listed = true
        }
        const there = here.get(file.path)
        if (there && (file.bytes === null || there.bytes === file.bytes)) {
          report.files.present++
          continue
        }
        while (copies.size >= filesAtOnce) await Promise.race(copies)
        const copy: Promise<void> = copyFile(file.open, `${root}/${file.path}`)
          .catch((error) => {
            // whoever was interrupted is told once, below
            if (!signal.aborted) report.problems.push(`${name}: ${file.path}: ${asKedgeError(error).message}`)
          })
          .finally(() => copies.delete(copy))
        copies.add(copy)
      }
      await Promise.all(copies)
      signal.throwIfAborted()
    } catch (error) {
      await Promise.allSettled(copies)
      signal.throwIfAborted()
      const known = asKedgeError(error)
      report.problems.push(`${name}: ${known.message}. ${known.todo}`)
    }
  }

  async function copyFile(open: () => Promise<Readable>, path: string) {
    const hash = createHash('sha256')
    const through = new PassThrough()
    through.on('data', (piece: Buffer) => hash.update(piece))
    const body = new PassThrough()
    const reading = pipeline(await open(), through, body)
    const [stored] = await Promise.all([
      api.upload<{ digest: string; bytes: number }>(
        `${base}/files?${new URLSearchParams({ path })}`,
        Readable.toWeb(body) as ReadableStream<Uint8Array>,
      ),
      reading,
    ])
    if (stored.digest !== hash.digest('hex'))
      throw new KedgeError('blob_mismatch', { found: stored.digest, expected: 'what was read' })
    report.files.stored++
    report.files.bytes += stored.bytes
  }

  async function copyRuns(runs: SourceRun[]) {
    const outcomes = await send(
      'runs',
      runs.map(({ artifacts, ...run }) => ({ ...run, experimentId: experiments.get(run.experimentId) })),
    )
    count('run', report.runs, outcomes)
    const taken = outcomes.filter((outcome) => outcome.result !== 'conflict').map((outcome) => outcome.id)
    const present = new Set(outcomes.filter((outcome) => outcome.result === 'present').map((outcome) => outcome.id))
    const own = runs.filter((run) => taken.includes(run.id))
    const before = new Map((await check([...present])).map((one) => [one.id, one]))
    const expected = new Map<string, { points: number; digest: string }>()
    for (const run of own) {
      signal.throwIfAborted()
      const digest = pointsDigest()
      const known = before.get(run.id)
      // what is there is read first, so that a second import sends nothing
      if (known) {
        for await (const page of source.points(run)) digest.add(page)
        expected.set(run.id, digest.end())
        if (expected.get(run.id)!.digest !== known.pointsDigest) await sendPoints(run, () => {})
      } else {
        await sendPoints(run, digest.add)
        expected.set(run.id, digest.end())
      }
      const root = `${experiments.get(run.experimentId)}/${run.id}/artifacts`
      runRoots.set(run.id, root)
      await copyFiles(root, run.artifacts, { run: run.id })
    }
    await flushMetrics()
    for (const found of await check(own.map((run) => run.id))) {
      const run = own.find((one) => one.id === found.id)!
      const want = expected.get(found.id)!
      const wrong = [
        found.pointsDigest === want.digest ? '' : `${found.points} points of ${want.points}`,
        found.params >= Object.keys(run.params).length ? '' : 'params are missing',
        found.datasets >= run.datasets.length ? '' : 'inputs are missing',
      ].filter(Boolean)
      if (wrong.length === 0) report.verified++
      else report.problems.push(`run ${found.id} is not the same: ${wrong.join(', ')}`)
      report.points += want.points
    }
    progress(`${report.runs.created + report.runs.present} runs, ${report.points} points, ${report.files.stored} files`)
  }

  async function sendPoints(run: SourceRun, seen: (page: SourcePoint[]) => void) {
    for await (const page of source.points(run)) {
      signal.throwIfAborted()
      seen(page)
      await sendMetrics(page.map(wirePoint), run.id)
    }
  }
  const waiting: { run: string; metrics: object[] }[] = []
  let waitingPoints = 0
  /** Points of many runs go in one request. */
  async function sendMetrics(metrics: object[], run: string) {
    waiting.push({ run, metrics })
    waitingPoints += metrics.length
    if (waitingPoints >= pointsAtOnce) await flushMetrics()
  }
  async function flushMetrics() {
    if (waiting.length === 0) return
    await api.send('POST', `${base}/points`, { items: waiting.splice(0) })
    waitingPoints = 0
  }

  const check = async (ids: string[]): Promise<Check[]> =>
    ids.length === 0 ? [] : (await api.send<z.output<typeof importCheck>>('POST', `${base}/check`, { runs: ids })).items

  async function copyLoggedModels(models: SourceLoggedModel[]) {
    const outcomes = await send(
      'logged-models',
      models.map(({ artifacts, metrics, ...model }) => ({
        ...model,
        experimentId: experiments.get(model.experimentId),
      })),
    )
    count('logged model', report.loggedModels, outcomes)
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.result === 'conflict') continue
      const model = models[i]!
      for (const [run, metrics] of Map.groupBy(model.metrics, (metric) => metric.run))
        if (runRoots.has(run))
          await sendMetrics(
            metrics.map((metric) => ({
              ...wirePoint(metric),
              modelId: model.id,
              datasetName: metric.datasetName,
              datasetDigest: metric.datasetDigest,
            })),
            run,
          )
      const root = `${experiments.get(model.experimentId)}/models/${model.id}/artifacts`
      modelRoots.set(model.id, root)
      await copyFiles(root, model.artifacts, { model: model.id })
    }
    await flushMetrics()
  }

  /** An address of the source as it is here; one that is of no run or logged model stays. */
  function sourceHere(address: string): string {
    if (/^(runs|models):/.test(address)) return address
    const [, model, inModel = ''] = /\/models\/(m-[0-9a-f]+)\/artifacts(\/.*)?$/.exec(address) ?? []
    if (model && modelRoots.has(model)) return `mlflow-artifacts:/${modelRoots.get(model)}${inModel}`
    const [, run, inRun = ''] = /\/([0-9a-f]{32})\/artifacts(\/.*)?$/.exec(address) ?? []
    if (run && runRoots.has(run)) return `mlflow-artifacts:/${runRoots.get(run)}${inRun}`
    return address
  }

  async function copyModel(model: SourceModel) {
    const versions = model.versions.map((version) => ({ ...version, source: sourceHere(version.source) }))
    count('model', report.models, await send('models', [{ ...model, versions }]))
    report.versions += versions.length
  }

  progress(`reading ${source.title}`)
  const all: SourceExperiment[] = []
  for await (const experiment of source.experiments()) all.push(experiment)
  for (let i = 0; i < all.length; i += batch) {
    const outcomes = await send('experiments', all.slice(i, i + batch))
    count('experiment', report.experiments, outcomes)
    for (const { id, target } of outcomes) experiments.set(id, target)
  }
  for (const experiment of all) {
    await inBatches(source.runs(experiment.id), copyRuns)
    await inBatches(source.loggedModels(experiment.id), copyLoggedModels)
  }
  progress('reading the registry')
  for await (const model of source.models()) await copyModel(model)
  return report
}

async function inBatches<T>(items: AsyncIterable<T>, work: (some: T[]) => Promise<void>) {
  let some: T[] = []
  let size = 0
  for await (const item of items) {
    some.push(item)
    size += JSON.stringify(item).length
    if (some.length < batch && size < largestBatch) continue
    await work(some)
    some = []
    size = 0
  }
  if (some.length > 0) await work(some)
}

const wirePoint = ({ key, value, step, time }: SourcePoint) => ({
  key,
  value: Number.isFinite(value) ? value : String(value),
  step,
  time,
})

/** The digest that the server gives of a run's points: of their sorted lines, each once. */
function pointsDigest() {
  const lines = new Set<string>()
  return {
    add(page: SourcePoint[]) {
      for (const { key, value, step, time } of page) {
        const stored = Math.max(-largestNumber, Math.min(largestNumber, value))
        lines.add(`${key}\t${step}\t${time}\t${Number.isNaN(value) ? 'NaN' : stored}`)
      }
    },
    end: () => ({
      points: lines.size,
      digest: createHash('sha256')
        .update([...lines].sort().join('\n'))
        .digest('hex'),
    }),
  }
}
