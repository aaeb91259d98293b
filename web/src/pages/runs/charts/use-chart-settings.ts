import { useCallback, useMemo } from 'react'
import type { CurveAxis } from '../../../charts/align-curves.ts'
import { useQueryState } from '../../../components/use-query-state.ts'

export interface ChartSettings {
  by: CurveAxis
  setBy(by: CurveAxis): void
  /** weight of the moving average, 0 to 0.99 */
  smoothing: number
  setSmoothing(weight: number): void
  /** `usual` leaves outliers out of the picture */
  scale: 'linear' | 'log' | 'usual'
  setScale(scale: 'linear' | 'log' | 'usual'): void
  /** steps, seconds since the first point, or milliseconds since 1970 */
  range: [number, number] | undefined
  zoom(range: [number, number] | undefined): void
}

/** How the page's charts are drawn; all of them the same, and in the address. */
export function useChartSettings(): ChartSettings {
  const [by, setAxis] = useQueryState('by', 'step')
  const [smooth, setSmooth] = useQueryState('smooth', '0')
  const [scale, setScale] = useQueryState('scale', 'linear')
  const [x, setX] = useQueryState('x')
  const axis: CurveAxis = by === 'time' || by === 'wall' ? by : 'step'
  const setBy = useCallback(
    (next: CurveAxis) => {
      setX('')
      setAxis(next)
    },
    [setX, setAxis],
  )
  const zoom = useCallback(
    (range: [number, number] | undefined) =>
      setX(range ? range.map((value) => Number(value.toPrecision(15))).join('..') : ''),
    [setX],
  )
  return useMemo(() => {
    const [from, to] = x.split('..').map(Number)
    const range = x && from! < to! ? ([from!, to!] as [number, number]) : undefined
    return {
      by: axis,
      setBy,
      smoothing: Math.min(0.99, Math.max(0, Number(smooth) || 0)),
      setSmoothing: (weight) => setSmooth(String(weight)),
      scale: scale === 'log' || scale === 'usual' ? scale : 'linear',
      setScale,
      range,
      zoom,
    }
  }, [axis, setBy, smooth, setSmooth, scale, setScale, x, zoom])
}
