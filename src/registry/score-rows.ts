import type { LoadedModel, ModelDescription } from '../contracts/model-runtime.ts'
import { labelsOf } from '../contracts/model-runtime.ts'
import { KedgeError } from '../errors.ts'
import { type Cell, cellNumber, featureColumns, isLabel } from './parquet-columns.ts'

/** Trees in ONNX are fastest in small pieces; a call to another process costs more than its rows. */
const piece = { onnx: 128, other: 8192 }

/** Scores every row. Errors: those of the model. */
export async function scoreRows(
  model: LoadedModel,
  kind: string,
  cells: ReadonlyMap<string, readonly Cell[]>,
  rows: number,
): Promise<Float64Array> {
  const description = describedBy(model)
  const scores = new Float64Array(rows)
  const step = kind === 'onnx' ? piece.onnx : piece.other
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step)
    scores.set(await model.score(featureColumns(description, cells, from, to), to - from), from)
  }
  return scores
}

/** Errors: `model_unloadable` for a model that does not say what its columns are. */
export function describedBy(model: LoadedModel): ModelDescription {
  if (!model.description)
    throw new KedgeError('model_unloadable', {
      what: 'it does not name its features; add kedge-model.json to its folder',
    })
  return model.description
}

/** The truth of each row as a number: 1 and 0 for binary models, NaN where it is missing. */
export function truthOf(description: ModelDescription, cells: ReadonlyMap<string, readonly Cell[]>): Float64Array {
  const column = cells.get(description.target!)!
  if (description.task === 'regression') return Float64Array.from(column, cellNumber)
  const { positive } = labelsOf(description)
  return Float64Array.from(column, (cell) =>
    cell === null || cell === undefined || cell === '' ? Number.NaN : isLabel(cell, positive) ? 1 : 0,
  )
}
