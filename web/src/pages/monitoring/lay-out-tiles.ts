export interface Tile {
  x: number
  y: number
  width: number
  height: number
}

/** Rectangles that fill the unit square, as large as the weights: halves of the weight, cut along the longer side. */
export function layOutTiles(weights: readonly number[], aspect = 2.6): Tile[] {
  const tiles = new Array<Tile>(weights.length)
  const order = weights.map((_, i) => i).sort((a, b) => weights[b]! - weights[a]!)
  const sum = (some: number[]) => some.reduce((total, i) => total + weights[i]!, 0)
  const fill = (some: number[], tile: Tile): void => {
    if (some.length <= 1) {
      if (some[0] !== undefined) tiles[some[0]] = tile
      return
    }
    const all = sum(some)
    let cut = 1
    let part = weights[some[0]!]!
    while (cut < some.length - 1 && part + weights[some[cut]!]! / 2 < all / 2) part += weights[some[cut++]!]!
    const share = all > 0 ? part / all : cut / some.length
    const { x, y, width, height } = tile
    const [first, second] =
      width * aspect >= height
        ? [
            { ...tile, width: width * share },
            { ...tile, x: x + width * share, width: width * (1 - share) },
          ]
        : [
            { ...tile, height: height * share },
            { ...tile, y: y + height * share, height: height * (1 - share) },
          ]
    fill(some.slice(0, cut), first!)
    fill(some.slice(cut), second!)
  }
  fill(order, { x: 0, y: 0, width: 1, height: 1 })
  return tiles
}
