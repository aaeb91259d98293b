import { benjaminiHochberg } from './benjamini-hochberg.ts'
import { seededRandom } from './seeded-random.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'
import { welchTestOfRows } from './welch-test.ts'

export interface AttributionDrift {
  /** total variation between the shares that features have of all attribution: 0 the same, 1 quite others */
  distance: number
  /** chance of such a distance between two draws from one world: rows dealt out anew (Phipson & Smyth 2010) */
  p: number
  reference: number
  current: number
  features: {
    /** mean |attribution| of each side */
    reference: number
    current: number
    /** of the difference current − reference, by Welch */
    low: number
    high: number
    p: number
    /** p under false-discovery control over the features (Benjamini & Hochberg 1995) */
    adjusted: number
  }[]
}

/**
 * Whether features matter otherwise than in the reference: ½ Σ |share − share|, where a feature's share is its mean
 * |attribution| of that of all, with a permutation test over rows. Rows hold one attribution a feature. Needs `minimum` rows
 * on each side.
 */
export function attributionDrift(
  reference: readonly ArrayLike<number>[],
  current: readonly ArrayLike<number>[],
  { permutations = 200, seed = 1, minimum = 30 } = {},
): Measured<AttributionDrift> {
  const had = Math.min(reference.length, current.length)
  if (had < minimum) return tooFewSamples('explained rows', minimum, had)
  const features = reference[0]!.length
  const rows = [...reference, ...current]
  const sizes = Float64Array.from(rows.flatMap((row) => Array.from({ length: features }, (_, j) => Math.abs(row[j]!))))
  const order = Int32Array.from(rows, (_, i) => i)
  const n = reference.length
  const distance = () => {
    const [a, b] = [new Float64Array(features), new Float64Array(features)]
    order.forEach((row, i) => {
      const side = i < n ? a : b
      for (let j = 0; j < features; j++) side[j]! += sizes[row * features + j]!
    })
    const [all, other] = [a.reduce((x, y) => x + y, 0), b.reduce((x, y) => x + y, 0)]
    let apart = 0
    for (let j = 0; j < features; j++) apart += Math.abs((all > 0 ? a[j]! / all : 0) - (other > 0 ? b[j]! / other : 0))
    return apart / 2
  }
  const found = distance()
  const random = seededRandom(seed)
  let asFar = 0
  for (let k = 0; k < permutations; k++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      const row = order[i]!
      order[i] = order[j]!
      order[j] = row
    }
    if (distance() >= found - 1e-12) asFar++
  }
  const column = (from: readonly ArrayLike<number>[], j: number) => from.map((row) => Math.abs(row[j]!))
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const each = Array.from({ length: features }, (_, j) => {
    const [before, now] = [column(reference, j), column(current, j)]
    const test = welchTestOfRows(before, now)
    const { low, high, p } = test.ok ? test : { low: 0, high: 0, p: 1 }
    return { reference: mean(before), current: mean(now), low, high, p }
  })
  const { adjusted } = benjaminiHochberg(
    each.map(({ p }) => p),
    0.05,
  )
  return {
    ok: true,
    distance: found,
    p: (asFar + 1) / (permutations + 1),
    reference: n,
    current: current.length,
    features: each.map((one, j) => ({ ...one, adjusted: adjusted[j]! })),
  }
}
