import { seededRandom } from './seeded-random.ts'
import { solveLinear } from './solve-linear.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface KernelShap {
  base: number
  values: number[]
  output: number
  /** standard error of each value; 0 where all coalitions were asked */
  errors: number[]
  coalitions: number
}

const EXACT_UP_TO = 12
/** Pairs of coalitions that are asked first, for each feature; as many again are asked until the values are precise. */
const FIRST_PAIRS = 2
/** A standard error of this much of the largest value is precise enough. */
const PRECISE = 0.05

/** The coalitions to ask of one row, and what their mean outputs make of it. */
export interface KernelShapPlan {
  /** by coalition and feature whether the row's value is taken; the first has none, the second all */
  members: Uint8Array[]
  /** how many of them are asked at first, and in all at each later stage; where the values are precise, no later one is */
  stages: number[]
  /** `means`: by coalition, the model's mean output over the background; of the first `asked` of them. */
  solve(means: ArrayLike<number>, asked: number): Measured<KernelShap>
}

/**
 * KernelSHAP (Lundberg & Lee 2017) of one row of any model: Shapley's values as the weighted least-squares fit to the
 * model's mean outputs over coalitions, where a coalition's features come from the row and the others from background
 * rows. Up to 12 features all coalitions are asked and the values are exact; above, at most `coalitions` are drawn, seeded,
 * in pairs with their complements (Covert & Lee 2021), with standard errors that allow for any spread of the fit's
 * residuals (HC3, MacKinnon & White 1985). Values always sum to output − base. The same plan serves any number of rows with
 * `features` features: what depends on the coalitions alone is worked out once.
 */
export function planKernelShap(features: number, { coalitions = 2048, seed = 1 } = {}): KernelShapPlan {
  const d = features
  const ends = [new Uint8Array(d), new Uint8Array(d).fill(1)]
  const exact = d <= EXACT_UP_TO
  const halves = d === 1 ? [] : exact ? everyPair(d) : drawnPairs(d, Math.max(d, Math.ceil(coalitions / 2)), seed)
  const members = [...ends, ...halves.flatMap(({ taken }) => [taken, taken.map((x) => 1 - x)])]
  const stages: number[] = []
  if (!exact) for (let pairs = FIRST_PAIRS * d; pairs < halves.length; pairs *= 2) stages.push(2 + 2 * pairs)
  stages.push(members.length)
  const fits = new Map<number, Fit | undefined>()

  return {
    members,
    stages,
    solve(means, asked) {
      const [base, output] = [means[0]!, means[1]!]
      const total = output - base
      if (d === 1) return { ok: true, base, values: [total], output, errors: [0], coalitions: 2 }
      if (!fits.has(asked)) fits.set(asked, fitOf(d, halves.slice(0, (asked - 2) / 2)))
      const solved = fits.get(asked)
      if (!solved) return tooFewSamples('coalitions with a solution', 1, 0)
      // the two of a pair say the same, each with the sign of the other
      const gains = Float64Array.from({ length: (asked - 2) / 2 }, (_, i) => {
        const last = halves[i]!.taken[d - 1]!
        return (means[2 * i + 2]! - means[2 * i + 3]! - (2 * last - 1) * total) / 2
      })
      const found = solved(gains)
      const values = [...found.values, total - found.values.reduce((a, b) => a + b, 0)]
      return {
        ok: true,
        base,
        values,
        output,
        errors: exact ? values.map(() => 0) : found.errors,
        coalitions: asked - 2,
      }
    },
  }
}

/** Whether no more coalitions need be asked. */
export function isPrecise({ values, errors }: KernelShap): boolean {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return errors.every((error) => error <= PRECISE * largest)
}

/** KernelSHAP of one row: `predict` answers many rows at once; it is called with coalitions · background rows in all. */
export function kernelShap(
  predict: (rows: number[][]) => ArrayLike<number>,
  row: readonly number[],
  background: readonly (readonly number[])[],
  options: { coalitions?: number; seed?: number } = {},
): Measured<KernelShap> {
  if (background.length < 1) return tooFewSamples('background rows', 1, 0)
  if (row.length < 1) return tooFewSamples('features', 1, 0)
  const { members, stages, solve } = planKernelShap(row.length, options)
  const mean = (taken: Uint8Array) => {
    const found = predict(background.map((other) => row.map((x, j) => (taken[j] === 1 ? x : other[j]!))))
    let sum = 0
    for (let i = 0; i < found.length; i++) sum += found[i]!
    return sum / found.length
  }
  const means: number[] = []
  for (const asked of stages) {
    while (means.length < asked) means.push(mean(members[means.length]!))
    const found = solve(means, asked)
    if (!found.ok || asked === members.length || isPrecise(found)) return found
  }
  return tooFewSamples('coalitions', 1, 0)
}

/** A coalition that stands for itself and its complement. */
interface Half {
  taken: Uint8Array
  weight: number
}

/** Every pair once: of each the one without the last feature. */
function everyPair(d: number): Half[] {
  const choose = binomials(d)
  return Array.from({ length: 2 ** (d - 1) - 1 }, (_, i) => {
    const taken = Uint8Array.from({ length: d }, (_, j) => ((i + 1) >> j) & 1)
    const size = taken.reduce((a, b) => a + b, 0)
    return { taken, weight: (d - 1) / (choose[size]! * size * (d - size)) }
  })
}

function drawnPairs(d: number, pairs: number, seed: number): Half[] {
  const random = seededRandom(seed)
  const sizes = Array.from({ length: d - 1 }, (_, i) => 1 / ((i + 1) * (d - i - 1)))
  const all = sizes.reduce((a, b) => a + b, 0)
  return Array.from({ length: pairs }, () => ({ taken: drawMembers(d, sizes, all, random), weight: 1 }))
}

function binomials(n: number): number[] {
  const row = [1]
  for (let k = 1; k <= n; k++) row.push((row[k - 1]! * (n - k + 1)) / k)
  return row
}

function drawMembers(d: number, sizes: readonly number[], all: number, random: () => number): Uint8Array {
  let at = random() * all
  let size = 1
  while (size < d - 1 && at >= sizes[size - 1]!) at -= sizes[size++ - 1]!
  const order = Array.from({ length: d }, (_, j) => j)
  const members = new Uint8Array(d)
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (d - i))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
    members[order[i]!] = 1
  }
  return members
}

/** From the gain of each pair the values of all features but the last, and the standard errors of all. */
type Fit = (gains: Float64Array) => { values: number[]; errors: number[] }

/** Weighted least squares under "values sum to total", by eliminating the last value; undefined when it has no solution. */
function fitOf(d: number, halves: readonly Half[]): Fit | undefined {
  const k = d - 1
  const n = halves.length
  const x = new Float64Array(n * k)
  const normal = Array.from({ length: k }, () => new Array<number>(k).fill(0))
  halves.forEach(({ taken, weight }, row) => {
    const last = taken[k]!
    for (let i = 0; i < k; i++) x[row * k + i] = taken[i]! - last
    for (let i = 0; i < k; i++) {
      const xi = weight * x[row * k + i]!
      if (xi !== 0) for (let j = 0; j < k; j++) normal[i]![j]! += xi * x[row * k + j]!
    }
  })
  const inverse = Array.from({ length: k }, (_, i) =>
    solveLinear(
      normal,
      Array.from({ length: k }, (_, j) => (i === j ? 1 : 0)),
    ),
  )
  if (inverse.some((column) => !column?.every(Number.isFinite))) return undefined
  // by pair, how much its gain moves each value, and how far it draws the fit to itself
  const moves = new Float64Array(n * k)
  const leverage = new Float64Array(n)
  for (let row = 0; row < n; row++)
    for (let j = 0; j < k; j++) {
      let move = 0
      for (let i = 0; i < k; i++) move += inverse[j]![i]! * x[row * k + i]!
      moves[row * k + j] = halves[row]!.weight * move
      leverage[row]! += halves[row]!.weight * move * x[row * k + j]!
    }

  return (gains) => {
    const values = new Array<number>(k).fill(0)
    for (let row = 0; row < n; row++) for (let j = 0; j < k; j++) values[j]! += moves[row * k + j]! * gains[row]!
    const squares = new Array<number>(d).fill(0)
    for (let row = 0; row < n; row++) {
      let residual = gains[row]!
      for (let j = 0; j < k; j++) residual -= x[row * k + j]! * values[j]!
      residual /= Math.max(1e-9, 1 - leverage[row]!)
      let together = 0
      for (let j = 0; j < k; j++) {
        const move = moves[row * k + j]! * residual
        squares[j]! += move * move
        together += move
      }
      squares[k]! += together * together
    }
    return { values, errors: squares.map(Math.sqrt) }
  }
}
