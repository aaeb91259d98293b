import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Column, LoadedModel, ModelRuntime, Tensor } from '../contracts/model-runtime.ts'
import { KedgeError } from '../errors.ts'
import type { ConvertRequest, ConvertResult } from './conversion.ts'
import { type Cell, featureColumns, readParquet } from './parquet-columns.ts'

type Convert = (
  folder: string,
  target: string,
  precision: 'float' | 'double',
) => Promise<{ why: string } | { precision: 'float' | 'double'; tools: Record<string, string> }>

const noRows = 'it has no rows to compare the answers on: log it with an input example, or let it pass a gate'
const mostRows = 5000
const piece = 500

/**
 * Converts a model and lets both answer the same rows. Single precision is tried first: it is faster, and exact for trees.
 * Errors: those of loading the model itself.
 */
export async function convertModel(
  request: ConvertRequest,
  deps: { convert: Convert; python: ModelRuntime; onnx: ModelRuntime },
): Promise<ConvertResult> {
  const { folder, target, tolerance } = request
  const nothing = { rows: 0, source: null, largestDifference: null, precision: null, tools: null }
  if (!request.rows && !(await exampleOf(folder))) return { state: 'refused', ...nothing, why: noRows }
  const model = await deps.python.load(folder, {
    environments: request.environments,
    ...(request.python ? { python: request.python } : {}),
    instances: { min: 1, max: 1 },
    print: (line) => console.error(line),
  })
  try {
    const { description } = model
    if (!description) return { state: 'refused', ...nothing, why: 'it does not name its features' }
    const rows = await testRows(request, model)
    if (!rows) return { state: 'refused', ...nothing, why: noRows }
    const own = await answersOf(model, rows)
    let result: ConvertResult | undefined
    for (const precision of ['float', 'double'] as const) {
      await rm(join(target, 'model.onnx'), { force: true })
      const made = await deps.convert(folder, target, precision)
      // what does not convert at all does not in double precision either
      if ('why' in made) return result ?? { state: 'refused', ...nothing, why: made.why }
      await writeFile(join(target, 'kedge-model.json'), JSON.stringify(description))
      const found = { rows: rows.count, source: rows.source, precision: made.precision, tools: made.tools }
      let onnx: LoadedModel
      try {
        onnx = await deps.onnx.load(target)
      } catch (error) {
        result = { state: 'refused', ...found, largestDifference: null, why: (error as Error).message }
        continue
      }
      try {
        const { largest, beyond } = difference(own, await answersOf(onnx, rows), tolerance)
        if (!beyond) return { state: 'converted', ...found, largestDifference: largest, why: null }
        result = { state: 'refused', ...found, largestDifference: finite(largest), why: beyond }
      } catch (error) {
        result = { state: 'refused', ...found, largestDifference: null, why: (error as Error).message.slice(0, 300) }
      } finally {
        await onnx.close()
      }
    }
    return result!
  } finally {
    await model.close()
  }
}

const finite = (value: number) => (Number.isFinite(value) ? value : null)

interface TestRows {
  columns: Column[]
  count: number
  source: string
}

/** Rows of a gate, or those that MLflow's client logged as an example. */
async function testRows({ rows, folder }: ConvertRequest, model: LoadedModel): Promise<TestRows | undefined> {
  const description = model.description!
  const names = description.features.map((feature) => feature.name)
  if (rows) {
    const { cells, rows: count } = await readParquet(rows.path, names)
    const taken = Math.min(count, mostRows)
    if (taken > 0) return { columns: featureColumns(description, cells, 0, taken), count: taken, source: rows.source }
  }
  const example = await exampleOf(folder)
  if (!example || !names.every((name) => example.columns.includes(name))) return undefined
  const { columns, data } = example
  const cells = new Map(columns.map((name, i) => [name, data.map((row) => row[i])]))
  return { columns: featureColumns(description, cells, 0, data.length), count: data.length, source: 'input example' }
}

async function exampleOf(folder: string): Promise<{ columns: string[]; data: Cell[][] } | undefined> {
  const text = await readFile(join(folder, 'input_example.json'), 'utf8').catch(() => '{}')
  const { columns, data } = JSON.parse(text) as { columns?: string[]; data?: Cell[][] }
  return columns && data && data.length > 0 ? { columns, data } : undefined
}

interface Answers {
  scores: Float64Array
  predictions: Tensor[]
}

/** The score of each row, and what the protocols give. */
async function answersOf(model: LoadedModel, { columns, count }: TestRows): Promise<Answers> {
  const features = model.description!.features
  const scores = new Float64Array(count)
  const predictions: Tensor[] = []
  for (let from = 0; from < count; from += piece) {
    const to = Math.min(count, from + piece)
    const part = columns.map((column) => column.slice(from, to)) as Column[]
    scores.set(await model.score(part, to - from), from)
    const tensors = model.inputs.map((input): Tensor => {
      const column = part[features.findIndex((feature) => feature.name === input.name)]
      if (!column) throw new KedgeError('model_unloadable', { what: `its input ${input.name} is no feature` })
      return { ...input, shape: [to - from, 1], data: tensorData(input.datatype, column) }
    })
    predictions.push(...(await model.infer(tensors, ['predictions'])))
  }
  return { scores, predictions }
}

function tensorData(datatype: Tensor['datatype'], column: Column): Tensor['data'] {
  if (datatype === 'BYTES') return column as string[]
  const numbers = column as number[]
  if (datatype === 'INT64') return BigInt64Array.from(numbers, (value) => BigInt(Math.trunc(value)))
  if (datatype === 'FP64') return Float64Array.from(numbers)
  if (datatype === 'FP32') return Float32Array.from(numbers)
  if (datatype === 'INT32') return Int32Array.from(numbers)
  if (datatype === 'BOOL') return Uint8Array.from(numbers)
  throw new KedgeError('unsupported', { what: `A column of ${datatype}` })
}

/** The largest difference of two answers to the same row, and what is wrong when one is beyond the tolerance. */
function difference(own: Answers, other: Answers, tolerance: number): { largest: number; beyond: string | undefined } {
  let largest = 0
  let beyond: string | undefined
  const look = (a: number, b: number, where: string) => {
    if (Number.isNaN(a) && Number.isNaN(b)) return
    const apart = Math.abs(a - b)
    if (!(apart <= largest)) largest = apart
    if (!(apart <= tolerance * Math.max(1, Math.abs(a), Math.abs(b))))
      beyond ??= `the answers differ: ${where} is ${a} in Python and ${b} in ONNX, the tolerance is ${tolerance}`
  }
  own.scores.forEach((score, row) => {
    look(score, other.scores[row]!, `the score of row ${row}`)
  })
  own.predictions.forEach((tensor, part) => {
    const given = other.predictions[part]!
    if (tensor.datatype !== given.datatype || tensor.shape.join() !== given.shape.join())
      beyond ??= `the predictions are ${tensor.datatype} [${tensor.shape}] in Python and ${given.datatype} [${given.shape}] in ONNX`
    else
      for (let i = 0; i < tensor.data.length; i++) {
        const [a, b] = [tensor.data[i]!, given.data[i]!]
        if (typeof a === 'string' ? a !== b : false)
          beyond ??= `the answers differ: row ${part * piece + i} is ${a} in Python and ${b} in ONNX`
        else if (typeof a !== 'string') look(Number(a), Number(b), `the prediction of row ${part * piece + i}`)
      }
  })
  return { largest, beyond }
}

/** What else of the model's folder its ONNX form keeps: what the people who made it left beside it. */
export const keepBeside = async (folder: string, target: string): Promise<void> => {
  for (const name of ['input_example.json', 'out_of_fold.json'])
    await copyFile(join(folder, name), join(target, name)).catch(() => {})
}
