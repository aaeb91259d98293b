import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useMemo } from 'react'

export interface ChartColours {
  text: string
  muted: string
  line: string
  surface: string
  raised: string
  accent: string
  bad: string
  warn: string
  good: string
  busy: string
  shade: string
  reference: string
  series: string[]
}

/** The page's colours as values, for canvases; new ones when the scheme changes. */
export function useChartColours(): ChartColours {
  const { colorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the style sheet's values follow the scheme
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement)
    const read = (name: string) => style.getPropertyValue(`--${name}`).trim()
    return {
      text: read('text'),
      muted: read('muted'),
      line: read('line'),
      surface: read('surface'),
      raised: read('raised'),
      accent: read('accent'),
      bad: read('bad'),
      warn: read('warn'),
      good: read('good'),
      busy: read('busy'),
      shade: read('shade'),
      reference: read('reference'),
      series: Array.from({ length: 8 }, (_, i) => read(`series-${i + 1}`)),
    }
  }, [colorScheme, scheme])
}
