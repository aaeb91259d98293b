import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useLocation } from 'wouter'
import { changeRuns, runQuery } from '../../api/tracking.ts'
import type { RunDetail } from '../../api/types.ts'
import { Copy } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { Time } from '../../components/time.tsx'
import { showToast } from '../../components/toasts.tsx'
import { useNow } from '../../components/use-now.ts'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { measure } from '../../format/number.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { MadeWith } from './run/made-with.tsx'
import { isSystemMetric, LatestValue } from './run/metric-value.tsx'
import { Notes, noteTag } from './run/notes.tsx'
import { Pairs } from './run/pairs.tsx'
import classes from './run/run.module.css'

const MetricsTab = lazy(() => import('./run/metrics-tab.tsx'))
const ArtifactBrowser = lazy(() => import('./artifacts/artifact-browser.tsx'))

/** while it goes on, milliseconds */
const pulse = 3000

export default function RunPage() {
  const project = useProject()
  const to = useProjectPath()
  const { run: id } = useRouteParams<'run'>()
  const [tab] = useQueryState('tab', 'overview')
  const run = useQuery({
    ...runQuery(project, id),
    refetchInterval: (query) => (query.state.data?.status === 'RUNNING' ? pulse : false),
  })
  const own = run.data?.latest.filter(({ key }) => !isSystemMetric(key)) ?? []
  const system = run.data?.latest.filter(({ key }) => isSystemMetric(key)) ?? []
  return (
    <Page
      title={run.data?.name ?? id.slice(0, 8)}
      crumbs={[
        { text: 'Runs', href: to('runs') },
        ...(run.data ? [{ text: run.data.experiment, href: `${to('runs')}?experiment=${run.data.experimentId}` }] : []),
      ]}
      badge={run.data && <StateBadge state={run.data.state === 'deleted' ? 'deleted' : run.data.status} />}
      actions={run.data && <Actions run={run.data} />}
    >
      <Tabs
        value={tab}
        items={[
          { value: 'overview', text: 'Overview' },
          { value: 'metrics', text: 'Metrics', count: run.data && own.length },
          { value: 'system', text: 'System', count: run.data && system.length },
          { value: 'artifacts', text: 'Artifacts' },
        ]}
      />
      <Load query={run}>
        {(one) => (
          <Suspense fallback={<Lines />}>
            {tab === 'metrics' ? (
              <MetricsTab run={one} metrics={own} what="metric" />
            ) : tab === 'system' ? (
              <MetricsTab run={one} metrics={system} what="system metric" />
            ) : tab === 'artifacts' ? (
              <ArtifactBrowser run={one.id} />
            ) : (
              <Overview run={one} />
            )}
          </Suspense>
        )}
      </Load>
    </Page>
  )
}

function Actions({ run }: { run: RunDetail }) {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const [, go] = useLocation()
  const deleted = run.state === 'deleted'
  const move = async (action: 'delete' | 'restore') => {
    await changeRuns(project, { action, runs: [run.id] })
    await client.invalidateQueries({ queryKey: [project, 'tracking'] })
  }
  const change = async () => {
    try {
      await move(deleted ? 'restore' : 'delete')
      showToast({
        text: `${run.name} is ${deleted ? 'restored' : 'deleted'}`,
        undo: () => move(deleted ? 'delete' : 'restore'),
      })
    } catch (error) {
      showToast({ text: (error as Error).message, tone: 'bad' })
    }
  }
  const parent = run.tags['mlflow.parentRunId']
  return (
    <>
      {parent && <Link href={to('runs', parent)}>Parent run</Link>}
      <Link href={`${to('runs')}?filter=${encodeURIComponent(`tags.mlflow.parentRunId = '${run.id}'`)}`}>
        Child runs
      </Link>
      <Link href={`${to('traces')}?filter=${encodeURIComponent(`run_id = '${run.id}'`)}`}>Traces</Link>
      <Link href={to('lineage', 'run', run.id)}>Lineage</Link>
      <Button variant="default" onClick={() => go(`${to('runs', 'compare')}?runs=${run.id}`)}>
        Compare
      </Button>
      <Button variant="default" onClick={() => void change()}>
        {deleted ? 'Restore' : 'Delete'}
      </Button>
    </>
  )
}

function Overview({ run }: { run: RunDetail }) {
  const to = useProjectPath()
  const now = useNow()
  const tags = Object.entries(run.tags).filter(([key]) => key !== noteTag && !key.startsWith('mlflow.log-model'))
  return (
    <>
      <Panel title="Facts">
        <Facts
          items={{
            Started: <Time at={run.startTime} />,
            Took: run.startTime
              ? run.endTime
                ? duration(run.endTime - run.startTime)
                : run.status === 'RUNNING'
                  ? `runs for ${duration(Math.max(0, now - run.startTime))}`
                  : '–'
              : '–',
            User: run.user || run.tags['mlflow.user'] || '–',
            Experiment: <Link href={`${to('runs')}?experiment=${run.experimentId}`}>{run.experiment}</Link>,
            'Pipeline run':
              run.pipelineRun === null ? null : (
                <Link
                  href={`${to('pipeline-runs', run.pipelineRun)}?step=${run.step ?? ''}`}
                >{`${run.pipelineRun}, step ${run.step ?? ''}`}</Link>
              ),
            'Model versions':
              run.modelVersions.length === 0
                ? null
                : run.modelVersions.map((made) => (
                    <div key={`${made.model}@${made.version}`}>
                      <Link href={to('models', made.model, made.version)}>{`${made.model} ${made.version}`}</Link>
                    </div>
                  )),
            Id: (
              <span>
                <code>{run.id}</code> <Copy text={run.id} label="Copy the id" />
              </span>
            ),
          }}
        />
      </Panel>
      <MadeWith run={run} />
      <Columns wide>
        <Pairs
          title="Metrics"
          empty="No metric was logged"
          pairs={run.latest
            .filter(({ key }) => !isSystemMetric(key))
            .map((metric) => ({
              key: metric.key,
              text: metric.value === null ? 'NaN' : String(metric.value),
              value: <LatestValue metric={metric} />,
            }))}
        />
        <Pairs
          title="Parameters"
          empty="No parameter was logged"
          pairs={Object.entries(run.params).map(([key, value]) => ({ key, text: value, value }))}
        />
      </Columns>
      <Notes run={run.id} text={run.tags[noteTag] ?? ''} />
      <Columns wide>
        <Panel title="Inputs and models">
          {run.inputs.length + run.loggedModels.length === 0 ? (
            <Empty title="No input and no model was logged" compact />
          ) : (
            <ul className={classes.things}>
              {run.inputs.map((input) => (
                <li key={`${input.name} ${input.digest}`}>
                  <b>{input.name}</b>
                  <span className="muted">dataset{input.context ? `, ${input.context}` : ''}</span>
                  <code className="muted" title={input.source}>
                    {input.digest.slice(0, 12)}
                  </code>
                </li>
              ))}
              {run.loggedModels.map((model) => (
                <li key={`${model.id} ${model.direction}`}>
                  <b>{model.name}</b>
                  <span className="muted">
                    model, {model.direction === 'input' ? 'used' : 'made'}
                    {model.step > 0 ? ` at step ${measure(model.step)}` : ''}
                  </span>
                  <code className="muted">{model.id.slice(0, 12)}</code>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Pairs title="Tags" empty="No tag was set" pairs={tags.map(([key, value]) => ({ key, text: value, value }))} />
      </Columns>
    </>
  )
}
