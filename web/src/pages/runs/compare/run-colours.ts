import { useMemo } from 'react'
import { useChartColours } from '../../../charts/chart-colours.ts'

/** A colour for each run: the page's own for the first eight, then hues as far apart as can be. */
export function useRunColours(runs: number): string[] {
  const { series } = useChartColours()
  return useMemo(
    () => Array.from({ length: runs }, (_, i) => series[i] ?? hex((i * 137.508) % 360, 0.55, i % 2 ? 0.62 : 0.48)),
    [runs, series],
  )
}

/** As #rrggbb, because charts add an opacity to it. */
function hex(hue: number, saturation: number, lightness: number): string {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12
    const value = lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(0)}${channel(8)}${channel(4)}`
}

const stops = [
  [68, 90, 180],
  [33, 145, 140],
  [94, 190, 90],
  [240, 190, 50],
]

/** From low (blue) to high (yellow), readable on light and dark. */
export function rampColour(place: number): string {
  const at = Math.max(0, Math.min(1, place)) * (stops.length - 1)
  const from = stops[Math.floor(at)]!
  const to = stops[Math.min(stops.length - 1, Math.floor(at) + 1)]!
  const mixed = from.map((value, i) => Math.round(value + (to[i]! - value) * (at % 1)))
  return `rgb(${mixed.join(' ')})`
}

export const rampCss = `linear-gradient(90deg, ${[0, 0.33, 0.66, 1].map(rampColour).join(', ')})`
