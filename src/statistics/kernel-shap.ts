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

/**
 * KernelSHAP (Lundberg & Lee 2017) of one row of any model: Shapley's values as the weighted least-squares fit to the
 * model's mean outputs over coalitions, where a coalition's features come from the row and the others from background
 * rows. Up to 12 features all coalitions are asked and the values are exact; above, `coalitions` are drawn in pairs with
 * their complements (Covert & Lee 2021), seeded, in 8 independent parts whose spread gives the errors. Values always sum
 * to output − base. `predict` answers many rows at once: it is called with coalitions · background rows in all.
 */
export function kernelShap(
  predict: (rows: number[][]) => ArrayLike<number>,
  row: readonly number[],
  background: readonly (readonly number[])[],
  { coalitions = 2048, seed = 1 } = {},
): Measured<KernelShap> {
  const d = row.length
  if (background.length < 1) return tooFewSamples('background rows', 1, 0)
  if (d < 1) return tooFewSamples('features', 1, 0)
  const mean = (members: Uint8Array) => {
    const mixed = background.map((other) => row.map((x, j) => (members[j] === 1 ? x : other[j]!)))
    const found = predict(mixed)
    let sum = 0
    for (let i = 0; i < found.length; i++) sum += found[i]!
    return sum / found.length
  }
  const base = mean(new Uint8Array(d))
  const output = mean(new Uint8Array(d).fill(1))
  if (d === 1) return { ok: true, base, values: [output - base], output, errors: [0], coalitions: 2 }
  if (d <= EXACT_UP_TO) {
    const fit = createFit(d, output - base)
    const choose = binomials(d)
    for (let mask = 1; mask < 2 ** d - 1; mask++) {
      const members = Uint8Array.from({ length: d }, (_, j) => (mask >> j) & 1)
      const size = members.reduce((a, b) => a + b, 0)
      fit.add(members, mean(members) - base, (d - 1) / (choose[size]! * size * (d - size)))
    }
    return { ok: true, base, values: fit.solve()!, output, errors: row.map(() => 0), coalitions: 2 ** d - 2 }
  }
  const random = seededRandom(seed)
  const sizes = Array.from({ length: d - 1 }, (_, i) => 1 / ((i + 1) * (d - i - 1)))
  const all = sizes.reduce((a, b) => a + b, 0)
  const pairs = Math.max(d, Math.ceil(coalitions / 2 / REPEATS))
  const parts: number[][] = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const fit = createFit(d, output - base)
    for (let i = 0; i < pairs; i++) {
      const members = drawMembers(d, sizes, all, random)
      const others = members.map((x) => 1 - x)
      fit.add(members, mean(members) - base, 1)
      fit.add(others, mean(others) - base, 1)
    }
    const part = fit.solve()
    if (part) parts.push(part)
  }
  if (parts.length < 2) return tooFewSamples('parts with a solution', 2, parts.length)
  const values = row.map((_, j) => parts.reduce((sum, part) => sum + part[j]!, 0) / parts.length)
  const errors = values.map((value, j) =>
    Math.sqrt(parts.reduce((sum, part) => sum + (part[j]! - value) ** 2, 0) / (parts.length - 1) / parts.length),
  )
  return { ok: true, base, values, output, errors, coalitions: REPEATS * pairs * 2 }
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
