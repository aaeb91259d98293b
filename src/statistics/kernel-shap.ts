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
const REPEATS = 8

/** The coalitions to ask of one row, and what their mean outputs make of it. */
export interface KernelShapPlan {
  /** by coalition and feature whether the row's value is taken; the first has none, the second all */
  members: Uint8Array[]
  /** `means`: by coalition, the model's mean output over the background. */
  solve(means: ArrayLike<number>): Measured<KernelShap>
}

/**
 * KernelSHAP (Lundberg & Lee 2017) of one row of any model: Shapley's values as the weighted least-squares fit to the
 * model's mean outputs over coalitions, where a coalition's features come from the row and the others from background
 * rows. Up to 12 features all coalitions are asked and the values are exact; above, `coalitions` are drawn in pairs with
 * their complements (Covert & Lee 2021), seeded, in 8 independent parts whose spread gives the errors. Values always sum
 * to output − base. The same plan serves any number of rows with `features` features.
 */
export function planKernelShap(features: number, { coalitions = 2048, seed = 1 } = {}): KernelShapPlan {
  const d = features
  const ends = [new Uint8Array(d), new Uint8Array(d).fill(1)]
  if (d === 1)
    return {
      members: ends,
      solve(means) {
        const [base, output] = [means[0]!, means[1]!]
        return { ok: true, base, values: [output - base], output, errors: [0], coalitions: 2 }
      },
    }
  if (d <= EXACT_UP_TO) {
    const asked = Array.from({ length: 2 ** d - 2 }, (_, i) =>
      Uint8Array.from({ length: d }, (_, j) => ((i + 1) >> j) & 1),
    )
    const choose = binomials(d)
    const weights = asked.map((members) => {
      const size = members.reduce((a, b) => a + b, 0)
      return (d - 1) / (choose[size]! * size * (d - size))
    })
    return {
      members: [...ends, ...asked],
      solve(means) {
        const [base, output] = [means[0]!, means[1]!]
        const fit = createFit(d, output - base)
        asked.forEach((members, i) => {
          fit.add(members, means[i + 2]! - base, weights[i]!)
        })
        const values = fit.solve()
        if (!values) return tooFewSamples('coalitions with a solution', 1, 0)
        return { ok: true, base, values, output, errors: values.map(() => 0), coalitions: asked.length }
      },
    }
  }
  const random = seededRandom(seed)
  const sizes = Array.from({ length: d - 1 }, (_, i) => 1 / ((i + 1) * (d - i - 1)))
  const all = sizes.reduce((a, b) => a + b, 0)
  const pairs = Math.max(d, Math.ceil(coalitions / 2 / REPEATS))
  const asked = Array.from({ length: REPEATS * pairs }, () => {
    const members = drawMembers(d, sizes, all, random)
    return [members, members.map((x) => 1 - x)]
  }).flat()
  return {
    members: [...ends, ...asked],
    solve(means) {
      const [base, output] = [means[0]!, means[1]!]
      const parts: number[][] = []
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const fit = createFit(d, output - base)
        for (let i = repeat * pairs * 2; i < (repeat + 1) * pairs * 2; i++) fit.add(asked[i]!, means[i + 2]! - base, 1)
        const part = fit.solve()
        if (part) parts.push(part)
      }
      if (parts.length < 2) return tooFewSamples('parts with a solution', 2, parts.length)
      const values = Array.from({ length: d }, (_, j) => parts.reduce((sum, part) => sum + part[j]!, 0) / parts.length)
      const errors = values.map((value, j) =>
        Math.sqrt(parts.reduce((sum, part) => sum + (part[j]! - value) ** 2, 0) / (parts.length - 1) / parts.length),
      )
      return { ok: true, base, values, output, errors, coalitions: asked.length }
    },
  }
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
  const { members, solve } = planKernelShap(row.length, options)
  const mean = (taken: Uint8Array) => {
    const found = predict(background.map((other) => row.map((x, j) => (taken[j] === 1 ? x : other[j]!))))
    let sum = 0
    for (let i = 0; i < found.length; i++) sum += found[i]!
    return sum / found.length
  }
  return solve(members.map(mean))
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

/** Weighted least squares under "values sum to total", by eliminating the last value. */
function createFit(d: number, total: number) {
  const normal = Array.from({ length: d - 1 }, () => new Array<number>(d - 1).fill(0))
  const right = new Array<number>(d - 1).fill(0)
  return {
    add(members: Uint8Array, gain: number, weight: number) {
      const last = members[d - 1]!
      const y = gain - last * total
      for (let i = 0; i < d - 1; i++) {
        const x = members[i]! - last
        if (x === 0) continue
        right[i]! += weight * x * y
        for (let j = 0; j < d - 1; j++) normal[i]![j]! += weight * x * (members[j]! - last)
      }
    },
    solve(): number[] | undefined {
      const first = solveLinear(normal, right)
      return first && [...first, total - first.reduce((a, b) => a + b, 0)]
    },
  }
}
