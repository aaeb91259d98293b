export interface SymmetricEigen {
  /** descending */
  values: number[]
  /** vectors[i] belongs to values[i]; unit length, the largest entry positive */
  vectors: number[][]
}

/** Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations (cyclic); O(d³) a sweep, some ten sweeps. */
export function symmetricEigen(matrix: readonly (readonly number[])[]): SymmetricEigen {
  const d = matrix.length
  const a = matrix.map((row) => Float64Array.from(row))
  const v = matrix.map((_, i) => Float64Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 100; sweep++) {
    let off = 0
    let scale = 0
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        if (i !== j) off += a[i]![j]! ** 2
        scale += a[i]![j]! ** 2
      }
    if (off <= 1e-32 * scale) break
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(a, v, p, q)
  }
  const order = Array.from({ length: d }, (_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!)
  const vectors = order.map((i) => {
    const vector = v.map((row) => row[i]!)
    const largest = vector.reduce((best, x) => (Math.abs(x) > Math.abs(best) + 1e-12 ? x : best), 0)
    return largest < 0 ? vector.map((x) => -x) : vector
  })
  return { values: order.map((i) => a[i]![i]!), vectors }
}

function rotate(a: Float64Array[], v: Float64Array[], p: number, q: number): void {
  const apq = a[p]![q]!
  if (apq === 0) return
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * apq)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (const row of a) {
    const [x, y] = [row[p]!, row[q]!]
    row[p] = c * x - s * y
    row[q] = s * x + c * y
  }
  const [rowP, rowQ] = [a[p]!, a[q]!]
  for (let i = 0; i < rowP.length; i++) {
    const [x, y] = [rowP[i]!, rowQ[i]!]
    rowP[i] = c * x - s * y
    rowQ[i] = s * x + c * y
  }
  for (const row of v) {
    const [x, y] = [row[p]!, row[q]!]
    row[p] = c * x - s * y
    row[q] = s * x + c * y
  }
}
