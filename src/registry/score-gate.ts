import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadedModel, ModelRuntime } from '../contracts/model-runtime.ts'
import { KedgeError } from '../errors.ts'
import { decideGate } from './decide-gate.ts'
import type { ScoredRows } from './gate-metrics.ts'
import { defaultGate, type GateRule } from './model-spec.ts'
import { type Cell, parquetColumns, readParquet } from './parquet-columns.ts'
import { describedBy, scoreRows, truthOf } from './score-rows.ts'
import type { ScoringModel, ScoringRequest, ScoringResult } from './scoring.ts'
import { type ReferencePart, timeOf, writeReference } from './write-reference.ts'

/** Scores challenger and champion on the held-out rows, applies the rules, and writes the challenger's reference. */
export async function scoreGate(request: ScoringRequest, runtimes: readonly ModelRuntime[]): Promise<ScoringResult> {
  const load = (model: ScoringModel): Promise<LoadedModel> => {
    const runtime = runtimes.find((candidate) => candidate.kind === model.kind)
    if (!runtime) throw new KedgeError('unsupported', { what: `Running models of the kind ${model.kind}` })
    return runtime.load(model.folder, {
      ...(model.python ? { python: model.python } : {}),
      ...(model.environments ? { environments: model.environments } : {}),
      print: (line) => console.error(line),
    })
  }
  const models: LoadedModel[] = []
  try {
    const challenger = await load(request.challenger)
    models.push(challenger)
    const description = describedBy(challenger)
    if (!description.target)
      throw new KedgeError('model_unloadable', {
        what: 'its kedge-model.json does not name the `target`, the column with the truth',
      })
    const champion = request.champion && (await load(request.champion))
    if (champion) models.push(champion)
    const wanted = (model: LoadedModel) => describedBy(model).features.map((feature) => feature.name)
    const own = [
      ...new Set([...wanted(challenger), description.target, ...(description.time ? [description.time] : [])]),
    ]

    const held = await readParquet(request.holdout, [...new Set([...own, ...(champion ? wanted(champion) : [])])])
    const truth = truthOf(description, held.cells)
    const scores = await scoreRows(challenger, request.challenger.kind, held.cells, held.rows)
    const before = champion && (await scoreRows(champion, request.champion!.kind, held.cells, held.rows))

    const judged = [...truth.keys()].filter((row) => !Number.isNaN(truth[row]!))
    if (judged.length === 0)
      throw new KedgeError('invalid_input', {
        what: `None of the ${held.rows} held-out rows has a value of ${description.target}`,
      })
    const pick = (values: Float64Array): number[] => judged.map((row) => values[row]!)
    const truths = pick(truth)
    const scored = (values: Float64Array): ScoredRows => ({ scores: pick(values), truths })
    const rules = (request.rules as GateRule[] | null) ?? defaultGate(description.task)

    const parts = await trainingParts(request, challenger, own, truthOf)
    const holdout: ReferencePart = {
      split: 'holdout',
      rows: held.rows,
      cells: held.cells,
      scores,
      outOfFold: scores,
      truth,
    }
    writeReference(request.reference, description, [...parts, holdout])

    return {
      rows: judged.length,
      positives: description.task === 'binary' ? truths.filter(Boolean).length : null,
      task: description.task,
      window: description.time ? windowOf(held.cells.get(description.time)!) : null,
      rules: decideGate(rules, scored(scores), before && scored(before), description.task, request.confidence),
      reference: { train: parts.reduce((sum, part) => sum + part.rows, 0), holdout: held.rows },
      description,
    }
  } finally {
    await Promise.all(models.map((model) => model.close()))
  }
}

/** The rows that the model learnt from, as far as their files have its columns. */
async function trainingParts(
  request: ScoringRequest,
  model: LoadedModel,
  columns: string[],
  truthIn: typeof truthOf,
): Promise<ReferencePart[]> {
  const description = describedBy(model)
  const parts: ReferencePart[] = []
  for (const file of request.training) {
    const there = await parquetColumns(file)
    if (!columns.every((column) => there.has(column))) continue
    const { rows, cells } = await readParquet(file, columns)
    const scores = await scoreRows(model, request.challenger.kind, cells, rows)
    const outOfFold =
      (await outOfFoldScores(request.challenger.folder, rows)) ?? new Float64Array(rows).fill(Number.NaN)
    parts.push({ split: 'train', rows, cells, scores, outOfFold, truth: truthIn(description, cells) })
  }
  return parts
}

/** `out_of_fold.json` of the model folder: cross-validated scores of the training rows, in their order, which a step may leave. */
async function outOfFoldScores(folder: string, rows: number): Promise<Float64Array | undefined> {
  const text = await readFile(join(folder, 'out_of_fold.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const scores = JSON.parse(text) as (number | null)[]
  return Array.isArray(scores) && scores.length === rows
    ? Float64Array.from(scores, (score) => score ?? Number.NaN)
    : undefined
}

function windowOf(times: readonly Cell[]): { from: number; to: number } | null {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const cell of times) {
    const at = timeOf(cell)
    if (at === null) continue
    if (at < from) from = at
    if (at > to) to = at
  }
  return from <= to ? { from, to } : null
}
