import type { FeatureRows } from '../../contracts/explainer.ts'
import type { Column, ModelDescription } from '../../contracts/model-runtime.ts'
import { logLoss } from '../../statistics/log-loss.ts'
import { partialDependence } from '../../statistics/partial-dependence.ts'
import { permutationImportance } from '../../statistics/permutation-importance.ts'
import { sortedQuantile } from '../../statistics/sorted-quantile.ts'
import type { PreparedModel } from './explain-rows.ts'
import type { ModelProfile } from './explanation.ts'

const points = 20
const mostCategories = 12
const repeats = 5
const confidence = 0.95

/** Permutation importance and partial dependence of every feature on rows with their truths (NaN where missing). */
export async function profileModel(
  { description, score }: Pick<PreparedModel, 'description' | 'score'>,
  rows: FeatureRows,
  truths: Float64Array,
  checkpoint: () => void,
): Promise<ModelProfile> {
  const ask = (columns: readonly Column[], count: number) => {
    checkpoint()
    return score(columns, count)
  }
  const permuted = await permute(description, rows, truths, ask)
  const dependence: ModelProfile['dependence'] = []
  for (let feature = 0; feature < description.features.length; feature++)
    dependence.push(await depend(description, rows, feature, ask))
  return {
    task: description.task,
    rows: rows.rows,
    permutation: permuted.ok ? permuted.found : null,
    why: permuted.ok ? null : permuted.why,
    dependence,
  }
}

type Ask = (columns: readonly Column[], rows: number) => Promise<Float64Array>

/** Runs `work`, which asks for numbers, twice: to hear what it asks, and with the answers. It must ask the same each time. */
async function askAhead<Question, Result>(
  work: (ask: (question: Question) => number) => Result,
  answer: (question: Question) => Promise<number>,
): Promise<Result> {
  const questions: Question[] = []
  work((question) => {
    questions.push(question)
    return 0
  })
  const answers: number[] = []
  for (const question of questions) answers.push(await answer(question))
  let next = 0
  return work(() => answers[next++]!)
}

async function permute(
  { task, features }: ModelDescription,
  { columns, rows }: FeatureRows,
  truths: Float64Array,
  ask: Ask,
): Promise<{ ok: true; found: NonNullable<ModelProfile['permutation']> } | { ok: false; why: string }> {
  const judged = Array.from({ length: rows }, (_, row) => row).filter((row) => !Number.isNaN(truths[row]!))
  // each cell says from which row its value is taken, so that texts are shuffled as numbers are
  const places = judged.map((row) => features.map(() => row))
  const measured = await askAhead<number[][], ReturnType<typeof permutationImportance>>(
    (score) =>
      permutationImportance(places, (shuffled) => score(shuffled.map((cells) => [...cells])), {
        repeats,
        confidence,
        minimum: 30,
      }),
    async (shuffled) => {
      const mixed = features.map((_, j) => shuffled.map((cells) => columns[j]![cells[j]!]!) as Column)
      const scores = await ask(mixed, shuffled.length)
      return -lossOf(
        task,
        scores,
        judged.map((row) => truths[row]!),
      )
    },
  )
  if (!measured.ok)
    return { ok: false, why: `too few rows with a truth: ${measured.had} of at least ${measured.needed}` }
  return {
    ok: true,
    found: {
      metric: task === 'binary' ? 'log loss' : 'root mean squared error',
      score: -measured.score,
      repeats,
      confidence,
      features: measured.features.map(({ value, low, high }, j) => ({ feature: features[j]!.name, value, low, high })),
    },
  }
}

function lossOf(task: ModelDescription['task'], scores: Float64Array, truths: readonly number[]): number {
  const mean = (of: (score: number, truth: number) => number) =>
    truths.reduce((sum, truth, i) => sum + of(scores[i]!, truth), 0) / truths.length
  return task === 'binary'
    ? mean((score, truth) => logLoss(score, truth === 1))
    : Math.sqrt(mean((score, truth) => (score - truth) ** 2))
}

async function depend(
  { features }: ModelDescription,
  { columns, rows }: FeatureRows,
  feature: number,
  ask: Ask,
): Promise<ModelProfile['dependence'][number]> {
  const { name, type } = features[feature]!
  const column = columns[feature]!
  const shown: (number | string)[] = type === 'category' ? commonest(column as string[]) : []
  const values = type === 'category' ? shown.map((_, i) => i) : Array.from(column as number[])
  const grid = type === 'category' ? values : undefined
  const asked = gridOf(values, grid)
  const outputs: Float64Array[] = []
  for (const x of asked) {
    const value = type === 'category' ? shown[x]! : x
    const set = columns.map(
      (own, j): Column => (j === feature ? (new Array(rows).fill(value) as string[] | number[]) : own),
    )
    outputs.push(await ask(set, rows))
  }
  const quantile = (scores: Float64Array, p: number) => sortedQuantile(Float64Array.from(scores).sort(), p)
  return {
    feature: name,
    grid: asked.map((x) => (type === 'category' ? shown[x]! : x)),
    mean: outputs.map((scores) => scores.reduce((a, b) => a + b, 0) / scores.length),
    low: outputs.map((scores) => quantile(scores, 0.1)),
    high: outputs.map((scores) => quantile(scores, 0.9)),
  }
}

/** The values at which a feature is looked at; none where there are too few rows. */
function gridOf(values: readonly number[], given: readonly number[] | undefined): number[] {
  if (given) return [...given]
  const found = partialDependence(
    values.map((x) => [x]),
    0,
    (rows) => rows.map(() => 0),
    points,
  )
  return found.ok ? found.grid : []
}

/** The categories that most rows have, commonest first. */
function commonest(column: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const text of column) if (text !== '') counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, mostCategories)
    .map(([text]) => text)
}
