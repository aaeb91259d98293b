import {
  type Column,
  elementsOf,
  type LoadedModel,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from '../../contracts/model-runtime.ts'

/** What was measured of a model's own calls. */
export interface CallCosts {
  /** microseconds of the fastest of some calls, by their rows */
  microseconds: Record<number, number>
  /** rows of one call at which a row costs least; null when a call must stay whole */
  chunk: number | null
}

/** Rows to measure with, and the answers that are on record for them, if any. */
export interface Sample {
  columns: Column[]
  rows: number
  scores?: Float64Array
}

const sizes = [1, 8, 32, 128, 1024]
/** what all calls of one size may take together, and a call after which no larger size is tried, in microseconds */
const budget = 25_000
const longest = 150_000
/** whether calls are better joined at all is to be known of slow models too */
const longestAlone = 2_000_000
const tries = 7
/** a smaller call is preferred when a row costs hardly more in it: whoever is answered with others waits for less */
const margin = 1.2
/** a call in this process may hold it up for so long, in microseconds */
const held = 2000

/**
 * Calls the model with some rows, repeated, and takes the time. The fastest call is the model's own cost: what is slower was
 * held up by others. `sample` is a plain row when absent. Undefined when the model takes no such call.
 */
export async function measureModel(model: LoadedModel, sample?: Sample): Promise<CallCosts | undefined> {
  const call = model.description ? scoring(model, sample ?? plainSample(model)) : inferring(model)
  if (!call) return undefined
  try {
    // the first calls make what later ones use
    for (let i = 0; i < 3; i++) await call(1)
  } catch {
    return undefined
  }
  const microseconds: Record<number, number> = {}
  for (const rows of sizes) {
    const cost = await fastest(() => call(rows)).catch(() => undefined)
    if (cost === undefined) break
    microseconds[rows] = Math.round(cost * 10) / 10
    if (!model.description || cost > (rows === 1 ? longestAlone : longest)) break
  }
  if (!(1 in microseconds)) return undefined
  const apart = model.description !== undefined && (await rowsAreIndependent(model, sample))
  return { microseconds, chunk: apart ? bestChunk(microseconds, model.place === 'inline') : null }
}

/** The smallest size at which a row costs about as little as it can; of those that run inline only such that do not hold others up. */
export function bestChunk(microseconds: Readonly<Record<number, number>>, inline = false): number {
  const sized = Object.entries(microseconds)
    .map(([size, cost]) => ({ rows: Number(size), cost }))
    .filter(({ rows, cost }) => rows === 1 || !inline || cost <= held)
    .sort((a, b) => a.rows - b.rows)
  const least = Math.min(...sized.map(({ rows, cost }) => cost / rows))
  return sized.find(({ rows, cost }) => cost / rows <= least * margin)!.rows
}

async function fastest(call: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  let spent = 0
  for (let i = 0; i < tries && (i === 0 || spent < budget); i++) {
    const started = performance.now()
    await call()
    const took = (performance.now() - started) * 1000
    spent += took
    best = Math.min(best, took)
  }
  return best
}

/** Whether a batch is answered as its rows are alone: only then may calls be divided and joined. */
async function rowsAreIndependent(model: LoadedModel, sample: Sample = plainSample(model)): Promise<boolean> {
  const pair = repeat(sample, 2)
  try {
    const together = await model.score(pair, 2)
    for (let row = 0; row < 2; row++) {
      const [alone] = await model.score(
        pair.map((column) => column.slice(row, row + 1) as Column),
        1,
      )
      const difference = Math.abs(alone! - together[row]!)
      if (difference > 1e-4 * Math.max(1, Math.abs(alone!))) return false
    }
    return true
  } catch {
    return false
  }
}

const scoring = (model: LoadedModel, sample: Sample) => (rows: number) => model.score(repeat(sample, rows), rows)

function inferring(model: LoadedModel): ((rows: number) => Promise<unknown>) | undefined {
  const tensors: Tensor[] = []
  for (const spec of model.inputs)
    tensors.push({ name: spec.name, datatype: spec.datatype, shape: shapeOf(spec), data: zeros(spec) })
  return () => model.infer(tensors)
}

const shapeOf = ({ shape }: TensorSpec) => shape.map((size) => (size < 0 ? 1 : size))

function zeros(spec: TensorSpec): TensorData {
  const n = shapeOf(spec).reduce((product, size) => product * size, 1)
  if (spec.datatype === 'BYTES') return new Array<string>(n).fill('')
  return new elementsOf[spec.datatype](n)
}

/** One row of zeros and empty texts. */
const plainSample = ({ description }: LoadedModel): Sample => ({
  rows: 1,
  columns: description!.features.map((feature) => (feature.type === 'number' ? [0] : [''])),
})

const repeat = (sample: Sample, rows: number): Column[] =>
  sample.columns.map((column) => Array.from({ length: rows }, (_, row) => column[row % sample.rows]!) as Column)
