/** A rising function: between the points linear, outside of them constant. */
export interface IsotonicFit {
  x: number[]
  y: number[]
}

/**
 * The non-decreasing function of `x` nearest to `y` in least squares, by pooling neighbours that fall (Ayer et al. 1955),
 * ties in x averaged first. `weights` count each pair that many times. Pairs with NaN are left out; without pairs the fit
 * answers NaN.
 */
export function fitIsotonic(x: readonly number[], y: readonly number[], weights?: readonly number[]): IsotonicFit {
  const order = x
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(x[i]!) && !Number.isNaN(y[i]!))
    .sort((a, b) => x[a]! - x[b]!)
  const blocks: { first: number; last: number; sum: number; n: number }[] = []
  for (const i of order) {
    const last = blocks.at(-1)
    const n = weights ? weights[i]! : 1
    if (last && last.last === x[i]) {
      last.sum += y[i]! * n
      last.n += n
    } else {
      pool(blocks)
      blocks.push({ first: x[i]!, last: x[i]!, sum: y[i]! * n, n })
    }
  }
  pool(blocks)
  const fit: IsotonicFit = { x: [], y: [] }
  for (const block of blocks) {
    const value = block.sum / block.n
    for (const end of block.first === block.last ? [block.first] : [block.first, block.last]) {
      fit.x.push(end)
      fit.y.push(value)
    }
  }
  return fit
}

/** Joins the last block with the ones before while it is not above them. */
function pool(blocks: { first: number; last: number; sum: number; n: number }[]): void {
  while (blocks.length > 1) {
    const [a, b] = [blocks.at(-2)!, blocks.at(-1)!]
    if (a.sum / a.n < b.sum / b.n) return
    blocks.splice(-2, 2, { first: a.first, last: b.last, sum: a.sum + b.sum, n: a.n + b.n })
  }
}

/** The fit at a value. */
export function isotonicAt({ x, y }: IsotonicFit, at: number): number {
  if (x.length === 0 || Number.isNaN(at)) return Number.NaN
  if (at <= x[0]!) return y[0]!
  if (at >= x.at(-1)!) return y.at(-1)!
  let low = 0
  let high = x.length - 1
  while (high - low > 1) {
    const mid = (low + high) >> 1
    if (x[mid]! <= at) low = mid
    else high = mid
  }
  return y[low]! + ((at - x[low]!) * (y[high]! - y[low]!)) / (x[high]! - x[low]!)
}
