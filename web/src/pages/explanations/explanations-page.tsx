import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { importanceQuery, refreshExplanations } from '../../api/explanations.ts'
import { monitoringQuery } from '../../api/monitoring.ts'
import { endpointQuery } from '../../api/serving.ts'
import type { GlobalImportance, MonitoringOverview } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { segmentText } from '../../format/segment.ts'
import { date } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { DependenceView } from './dependence-view.tsx'
import { HistoryView } from './history-view.tsx'
import { ImportanceView } from './importance-view.tsx'
import { PredictionView } from './prediction-view.tsx'

const day = 86_400_000

export default function ExplanationsPage() {
  const project = useProject()
  const to = useProjectPath()
  const { endpoint } = useRouteParams<'endpoint'>()
  const overview = useQuery(monitoringQuery(project, endpoint))
  return (
    <Page
      title="Explanations"
      crumbs={[
        { text: 'Endpoints', href: to('endpoints') },
        { text: endpoint, href: to('endpoints', endpoint) },
      ]}
      lead="What the model makes its predictions of: over a window, along a feature, day by day, and in a single prediction."
      actions={<Link href={`${to('monitoring')}?endpoint=${encodeURIComponent(endpoint)}`}>Monitoring</Link>}
    >
      <Load query={overview}>{(one) => <Explanations endpoint={endpoint} overview={one} />}</Load>
    </Page>
  )
}

/** The last so many days of event time. */
const windows = [
  { value: '7', text: '7 days' },
  { value: '30', text: '30 days' },
  { value: '90', text: '90 days' },
]

function Explanations({ endpoint, overview }: { endpoint: string; overview: MonitoringOverview }) {
  const project = useProject()
  const [tab] = useQueryState('tab', 'importance')
  const [days, setDays] = useQueryState('days', '30')
  const [revision, setRevision] = useQueryState('revision')
  const [segment, setSegment] = useQueryState('segment')
  const last = overview.lastPrediction
  const end = last === null ? undefined : Math.floor(last / day) * day + day
  const window = {
    from: end === undefined ? undefined : Math.max(0, end - Number(days) * day),
    to: end,
    revision: revision === '' ? undefined : Number(revision),
  }
  const importance = useQuery(importanceQuery(project, endpoint, window, segment))
  return (
    <>
      <Tabs
        value={tab}
        items={[
          { value: 'importance', text: 'Importance' },
          { value: 'dependence', text: 'Dependence' },
          { value: 'time', text: 'Over time' },
          { value: 'prediction', text: 'One prediction' },
        ]}
      />
      {tab === 'prediction' ? (
        <PredictionView endpoint={endpoint} />
      ) : (
        <>
          <div className="row" style={{ display: 'flex', flexWrap: 'wrap', gap: '8px 14px', marginBottom: 12 }}>
            <Select label="Window" value={days} onChange={setDays} options={windows} />
            <Select
              label="Revision"
              value={revision}
              onChange={setRevision}
              options={[
                { value: '', text: 'all' },
                ...overview.revisions.map((one) => ({ value: String(one.revision), text: String(one.revision) })),
              ]}
            />
            {tab !== 'dependence' && (
              <Select
                label="Segment"
                value={segment}
                onChange={setSegment}
                options={[
                  { value: '', text: 'all predictions' },
                  ...[...new Set([...(importance.data?.segments ?? []), ...(segment ? [segment] : [])])].map((one) => ({
                    value: one,
                    text: segmentText(one),
                  })),
                ]}
              />
            )}
          </div>
          <Load query={importance}>
            {(one) =>
              one.features.length === 0 ? (
                <NothingYet endpoint={endpoint} found={one} />
              ) : (
                <>
                  {tab === 'importance' && <ImportanceView endpoint={endpoint} window={window} found={one} />}
                  {tab === 'dependence' && <DependenceView endpoint={endpoint} window={window} found={one} />}
                  {tab === 'time' && <HistoryView endpoint={endpoint} window={window} segment={segment} />}
                  <NotExplained found={one} />
                </>
              )
            }
          </Load>
        </>
      )}
    </>
  )
}

/** as the explaining job says it */
const elsewhere = 'the model is served elsewhere'

function NothingYet({ endpoint, found }: { endpoint: string; found: GlobalImportance }) {
  const project = useProject()
  const client = useQueryClient()
  const [asked, setAsked] = useState<number>()
  const served = useQuery(endpointQuery(project, endpoint))
  const reason = found.notExplained.at(-1)?.reason ?? (served.data?.state === 'external' ? elsewhere : undefined)
  const refresh = async () => {
    setAsked((await refreshExplanations(project, endpoint)).days)
    setTimeout(() => void client.invalidateQueries({ queryKey: [project, 'explanations', endpoint] }), 3000)
  }
  if (served.isPending) return null
  return (
    <Panel>
      {reason ? (
        <Empty title="Nothing could be explained" icon="monitor">
          {reason.charAt(0).toUpperCase() + reason.slice(1)}
          {reason === elsewhere && (
            <>
              . Kedge has no model to ask; what each feature added, as its own explainer says, can be logged beside the
              predictions (<code>POST …/endpoints/{endpoint}/logged-explanations</code>) and stands with the prediction.
            </>
          )}
        </Empty>
      ) : (
        <>
          <Empty title="Nothing explained yet" icon="monitor">
            Each day with at least 50 recorded predictions is explained by itself, within ten minutes.
          </Empty>
          <div style={{ textAlign: 'center', paddingBottom: 16 }}>
            <Button onClick={() => void refresh()}>Explain now</Button>
            <p className="muted" role="status">
              {asked === undefined
                ? ''
                : asked === 0
                  ? 'No day has enough predictions.'
                  : `${asked} days are being explained.`}
            </p>
          </div>
        </>
      )}
    </Panel>
  )
}

/** Days that have no explanation, so that nobody takes a gap for a quiet time. */
function NotExplained({ found }: { found: GlobalImportance }) {
  const reasons = Map.groupBy(found.notExplained, ({ reason }) => reason)
  if (reasons.size === 0 && found.otherwise === 0) return null
  return (
    <Panel title="Not in these numbers">
      {[...reasons].slice(0, 5).map(([reason, days]) => (
        <p key={reason} style={{ margin: '0 0 6px' }}>
          <StateBadge state={days[0]!.state === 'failed' ? 'failed' : 'none'} text={`${days.length} × not explained`} />{' '}
          {reason} (last {date(days.at(-1)!.day)})
        </p>
      ))}
      {found.otherwise > 0 && (
        <p style={{ margin: 0 }}>{found.otherwise} days are explained by another method or in another unit.</p>
      )}
    </Panel>
  )
}
