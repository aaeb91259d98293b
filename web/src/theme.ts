import { createTheme, type MantineColorsTuple } from '@mantine/core'

const sea: MantineColorsTuple = [
  '#e6f7f9',
  '#d3ebef',
  '#a8d7de',
  '#79c2cc',
  '#52b0bd',
  '#39a5b4',
  '#1f94a5',
  '#0f7f8f',
  '#07707f',
  '#005f6d',
]

/** Dark surfaces with a little blue in them; Mantine reads 0 (text) to 9 (deepest). */
const dark: MantineColorsTuple = [
  '#d8dfe7',
  '#b3bdc9',
  '#8f9bab',
  '#647182',
  '#354152',
  '#2a3442',
  '#202935',
  '#171e27',
  '#121820',
  '#0c1117',
]

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 5 },
  colors: { sea, dark },
  fontFamily: 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  headings: { fontWeight: '600' },
  components: {
    Tooltip: { defaultProps: { openDelay: 200, multiline: true, maw: 360, withinPortal: true } },
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm' } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
  },
})
