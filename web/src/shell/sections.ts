import type { IconName } from '../components/icon.tsx'

export interface Section {
  title: string
  /** under `/projects/:project` */
  path: string
  /** pressed after `g` */
  key: string
  icon: IconName
  /** other paths that belong to it */
  also?: string[]
}

export const sections: Section[] = [
  { title: 'Overview', path: '', key: 'o', icon: 'loop' },
  { title: 'Data', path: '/data', key: 'd', icon: 'data', also: ['/sources', '/connect', '/freshness'] },
  { title: 'Features', path: '/features', key: 'f', icon: 'columns' },
  { title: 'Runs', path: '/runs', key: 'r', icon: 'runs' },
  { title: 'Traces', path: '/traces', key: 't', icon: 'trace' },
  { title: 'Pipelines', path: '/pipelines', key: 'p', icon: 'pipeline', also: ['/pipeline-runs'] },
  { title: 'Models', path: '/models', key: 'm', icon: 'model', also: ['/lineage'] },
  { title: 'Endpoints', path: '/endpoints', key: 'e', icon: 'endpoint' },
  { title: 'Monitoring', path: '/monitoring', key: 'n', icon: 'monitor', also: ['/alerts'] },
  { title: 'Journal', path: '/journal', key: 'j', icon: 'journal' },
]

/** Which section a path under the project belongs to. */
export const sectionOf = (path: string): Section =>
  sections.find(
    (section) =>
      section.path &&
      [section.path, ...(section.also ?? [])].some((start) => path === start || path.startsWith(`${start}/`)),
  ) ?? sections[0]!
