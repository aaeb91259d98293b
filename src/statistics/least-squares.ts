import { solveLinear } from './solve-linear.ts'

/** The weights w that make Σ vᵢ (yᵢ − xᵢ·w)² smallest, by the normal equations; `undefined` when they are singular. */
export function leastSquares(
  x: readonly (readonly number[])[],
  y: readonly number[],
  weights?: readonly number[],
): number[] | undefined {
  const d = x[0]?.length ?? 0
  const normal = Array.from({ length: d }, () => new Array<number>(d).fill(0))
  const right = new Array<number>(d).fill(0)
  x.forEach((row, i) => {
    const weight = weights?.[i] ?? 1
    for (let a = 0; a < d; a++) {
      right[a]! += weight * row[a]! * y[i]!
      for (let b = 0; b < d; b++) normal[a]![b]! += weight * row[a]! * row[b]!
    }
  })
  return solveLinear(normal, right)
}
