interface Point {
  step: number
  time: number
  value: number | null
}

/** Several histories over one axis: steps, or seconds since each history's first point. Where one has no point it has null. */
export function alignHistories(histories: Point[][], by: 'step' | 'time'): { x: number[]; lines: (number | null)[][] } {
  const places = histories.map((points) => {
    const start = points[0]?.time ?? 0
    return new Map(points.map((point) => [by === 'step' ? point.step : (point.time - start) / 1000, point.value]))
  })
  const x = [...new Set(places.flatMap((place) => [...place.keys()]))].sort((a, b) => a - b)
  return { x, lines: places.map((place) => x.map((at) => place.get(at) ?? null)) }
}
