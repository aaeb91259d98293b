/** Line icons on a 20 × 20 grid. */
const paths = {
  loop: 'M4 10a6 6 0 0 1 10.5-4M16 3v3.5h-3.5M16 10a6 6 0 0 1-10.5 4M4 17v-3.5h3.5',
  data: 'M4 5.5C4 4 7 3.5 10 3.5s6 .5 6 2v9c0 1.5-3 2-6 2s-6-.5-6-2zM4 5.5c0 1.5 3 2 6 2s6-.5 6-2M4 10c0 1.5 3 2 6 2s6-.5 6-2',
  runs: 'M3 16.5h14M5.5 13.5v-3M10 13.5v-7M14.5 13.5v-10',
  trace: 'M3.5 5h9M6.5 10h7M10 15h6.5',
  pipeline: 'M3 5h4v4H3zM13 11h4v4h-4zM7 7h3a2 2 0 0 1 2 2v2a2 2 0 0 0 1 2',
  model: 'M10 3l6 3.5v7L10 17l-6-3.5v-7zM4 6.5l6 3.5 6-3.5M10 10v7',
  endpoint: 'M3 10h5M12 5.5h5M12 14.5h5M8 10c2 0 2-4.5 4-4.5M8 10c2 0 2 4.5 4 4.5',
  monitor: 'M3 11h3l2-5 3.5 9 2.5-6 1 2h2',
  journal: 'M5 3.5h10v13H5zM8 7h4M8 10h4M8 13h2',
  search: 'M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4zM13 13l4 4',
  sun: 'M10 7a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.700 4.700l1 1M14.300 14.300l1 1M4.700 15.300l1-1M14.300 5.700l1-1',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z',
  auto: 'M10 3a7 7 0 1 1 0 14zM10 3a7 7 0 1 0 0 14',
  help: 'M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM8 8a2 2 0 1 1 2.800 1.800c-.5.3-.8.7-.8 1.200M10 13.5v.2',
  menu: 'M3 6h14M3 10h14M3 14h14',
  copy: 'M7 7h9v9H7zM13 7V4H4v9h3',
  check: 'M4 10.5l4 4 8-9',
  chevron: 'M8 5l5 5-5 5',
  down: 'M5 8l5 5 5-5',
  close: 'M5 5l10 10M15 5L5 15',
  play: 'M6 4l9 6-9 6z',
  stop: 'M5.5 5.5h9v9h-9z',
  alert: 'M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.200v.1',
  link: 'M8.5 11.5l3-3M7 9.5L5 11.5a2.5 2.5 0 0 0 3.5 3.5l2-2M13 10.5l2-2A2.5 2.5 0 0 0 11.5 5l-2 2',
  folder: 'M3 5.5h5l1.500 2H17v8H3z',
  columns: 'M3.5 4.5h13v11h-13zM8 4.5v11M12.500 4.5v11',
  pin: 'M7 3.5h6l-1 5 2.500 3h-9l2.500-3zM10 11.5v5',
  bookmark: 'M5.5 3.5h9v13l-4.500-3.500-4.500 3.500z',
  graph:
    'M3.5 10a1.5 1.5 0 1 1 3 0 1.5 1.5 0 0 1-3 0zM13.5 5a1.5 1.5 0 1 1 3 0 1.5 1.5 0 0 1-3 0zM13.5 15a1.5 1.5 0 1 1 3 0 1.5 1.5 0 0 1-3 0zM6.5 9.5l7-4M6.5 10.5l7 4',
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    strokeWidth={1.6}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
)
