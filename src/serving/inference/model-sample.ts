import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LoadedModel, ModelDescription } from '../../contracts/model-runtime.ts'
import { type ErrorPlace, KedgeError } from '../../errors.ts'
import type { Sample } from './measure-model.ts'
import { createRowReader } from './row-reader.ts'

/** Rows of features, and the scores that the model gave for them when they were put on record. */
export const modelSample = z.object({
  instances: z.array(z.record(z.string(), z.union([z.number(), z.string(), z.null()]))).max(1000),
  scores: z.array(z.number().nullable()).optional(),
})

export type ModelSample = z.output<typeof modelSample>

/** `kedge-sample.json` of a model's folder: a few rows with the answers that whoever exported it got. Errors: `model_unloadable`. */
export async function shippedSample(directory: string): Promise<ModelSample | undefined> {
  const text = await readFile(join(directory, 'kedge-sample.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return modelSample.parse(JSON.parse(text))
  } catch (cause) {
    throw new KedgeError('model_unloadable', { what: 'its kedge-sample.json is not valid' }, { cause })
  }
}

/** The sample as the model's columns; undefined where it does not fit the model's features. */
export function sampleColumns(description: ModelDescription, sample: ModelSample): Sample | undefined {
  const rows = sample.instances.length
  if (rows === 0) return undefined
  const reader = createRowReader(description)
  const columns = reader.columns(rows)
  const problems: ErrorPlace[] = []
  sample.instances.forEach((row, i) => {
    reader.read(row, columns, i, '', problems)
  })
  if (problems.length > 0) return undefined
  if (sample.scores?.length !== rows) return { columns, rows }
  return { columns, rows, scores: Float64Array.from(sample.scores, (score) => score ?? Number.NaN) }
}

/** of a score, or of 1 where that is more */
const tolerance = 1e-4

/** Compares the model's answers with those on record. Errors: `answers_differ` with the row where they differ most. */
export async function verifyModel(
  model: Pick<LoadedModel, 'score' | 'description'>,
  sample: Sample,
): Promise<{ rows: number; largest: number } | null> {
  const { scores: expected, columns, rows } = sample
  if (!expected) return null
  const scores = await model.score(columns, rows)
  let worst = { row: -1, difference: 0, excess: 0 }
  let compared = 0
  let wrong = 0
  let largest = 0
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(expected[row]!)) continue
    compared++
    const difference = Number.isFinite(scores[row]!)
      ? Math.abs(scores[row]! - expected[row]!)
      : Number.POSITIVE_INFINITY
    largest = Math.max(largest, difference)
    const excess = difference / Math.max(1, Math.abs(expected[row]!))
    if (excess > tolerance) wrong++
    if (excess > worst.excess) worst = { row, difference, excess }
  }
  if (wrong === 0) return compared > 0 ? { rows: compared, largest } : null
  const features = model
    .description!.features.slice(0, 8)
    .map(({ name }, i) => `${name} ${JSON.stringify(columns[i]![worst.row])}`)
  throw new KedgeError('answers_differ', {
    what: `${wrong} of ${compared} rows; most at ${features.join(', ')}: ${expected[worst.row]} is on record, ${scores[worst.row]} comes here`,
  })
}
