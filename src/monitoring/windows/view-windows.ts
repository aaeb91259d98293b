import type { ReferenceView, WindowView } from '../../contracts/monitor-kind.ts'
import type { Environment } from '../../environment.ts'
import { day } from '../event-day.ts'
import type { References } from '../reference.ts'
import type { SettingsStore } from '../settings-store.ts'
import type { EndpointKey } from '../stale.ts'
import { readHourRows } from '../traffic-share.ts'
import type { DescribeEndpoint, WatchedRevision } from '../watched-revision.ts'
import { loadWindows, type Needs } from './load-windows.ts'
import type { ViewRequest } from './view-request.ts'
import { planWindows } from './window-bounds.ts'
import { windowText } from './window-spec.ts'

export interface ViewDefinition {
  revision: number
  window: string
  step: string
  zone: string
  reference: string | null
  /** the rows that it is about; empty: all */
  segment: string
  source: 'stored' | 'computed'
}

export interface ViewWindows {
  definition: ViewDefinition
  /** in order; `reference` as each is held against */
  windows: { view: WindowView; reference: ReferenceView | undefined }[]
  /** the revision's own reference, whatever the windows are held against */
  training: ReferenceView | undefined
  known: WatchedRevision | undefined
  /** probability from which a binary score counts as positive */
  threshold: number
}

export interface ViewDependencies {
  environment: Pick<Environment, 'store' | 'events'>
  describe: DescribeEndpoint
  references: References
  settings: SettingsStore
}

const USUAL = 30
const MOST_WINDOWS = 1000
const EVER = 4_102_444_800_000

/** Windows of any kind of one revision with what they are held against. */
export async function viewWindows(
  { environment, describe, references, settings: store }: ViewDependencies,
  key: EndpointKey,
  request: ViewRequest,
  needs: Needs = {},
): Promise<ViewWindows> {
  const { events } = environment
  const scope = `endpoint/${key.endpoint}`
  const endpoint = await environment.store.read
    .selectFrom('monitored_endpoints')
    .select(['first_prediction', 'last_prediction', 'last_actual'])
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  const first = Number(endpoint?.first_prediction ?? 0)
  const from = Math.max(request.from ?? 0, first)
  // behind the last prediction, so that the newest window is there though it is not over
  const to = Math.min(request.to ?? EVER, Number(endpoint?.last_prediction ?? 0) + day)
  const [watched, settings, hours] = await Promise.all([
    describe(key),
    store.of(key),
    readHourRows(events, { project: key.project, scope, from: 0, to: EVER }),
  ])
  const revision = request.revision ?? hours.filter((h) => h.live > 0).reduce((r, h) => Math.max(r, h.revision), 0)
  const plan = planWindows(request.spec, {
    from,
    to,
    most: request.from === undefined ? USUAL : MOST_WINDOWS,
    rows: hours.filter((h) => h.revision === revision && h.hour >= from && h.hour < to),
  })
  const { revisions } = await loadWindows({ events, references }, key, {
    plan,
    against: request.against,
    revision,
    needs: request.segment ? { ...needs, segment: { name: request.segment, threshold: watched.threshold } } : needs,
    watched,
    settings,
    first,
    last: Number(endpoint?.last_prediction ?? 0),
    lastActual: endpoint?.last_actual == null ? null : Number(endpoint.last_actual),
  })
  const found = revisions[0]!
  return {
    definition: {
      revision,
      ...windowText(request.spec),
      reference: found.against,
      segment: request.segment ?? '',
      source: 'computed',
    },
    windows: found.windows,
    training: found.training,
    known: found.known,
    threshold: watched.threshold,
  }
}
