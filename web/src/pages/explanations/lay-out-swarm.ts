/** How far each dot moves aside so that those at nearly one place lie beside each other; at most `room` either way. */
export function layOutSwarm(xs: readonly number[], radius: number, room: number): number[] {
  const columns = new Map<number, number>()
  const step = radius * 1.4
  const order = xs.map((_, i) => i).sort((a, b) => xs[a]! - xs[b]!)
  const offsets = new Array<number>(xs.length).fill(0)
  const levels = Math.max(1, Math.floor(room / step))
  for (const i of order) {
    const column = Math.round(xs[i]! / (radius * 2))
    const before = columns.get(column) ?? 0
    columns.set(column, before + 1)
    // 0, 1, −1, 2, −2 …, again from the middle when there is no more room
    const place = before % (2 * levels + 1)
    offsets[i] = (place % 2 === 1 ? (place + 1) / 2 : -place / 2) * step
  }
  return offsets
}
