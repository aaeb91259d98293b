import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { cancelPipelineRun, pipelineRunQuery } from '../../api/pipelines.ts'
import type { PipelineStep } from '../../api/types.ts'
import { Facts } from '../../components/facts.tsx'
import { Failure } from '../../components/failure.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge, toneOf } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { useNow } from '../../components/use-now.ts'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { date, duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import classes from './pipelines.module.css'
import { StepDetail } from './step-detail.tsx'

export default function PipelineRunPage() {
  const project = useProject()
  const to = useProjectPath()
  const client = useQueryClient()
  const id = Number(useRouteParams<'pipelineRun'>().pipelineRun)
  const [chosen] = useQueryState('step')
  const run = useQuery(pipelineRunQuery(project, id))
  const now = useNow()
  const cancel = useMutation({
    mutationFn: () => cancelPipelineRun(project, id),
    onSuccess: () => client.invalidateQueries({ queryKey: [project, 'pipelines'] }),
  })
  const going = run.data?.state === 'running' || run.data?.state === 'queued'
  return (
    <Page
      title={`Run ${id}`}
      crumbs={[
        { text: 'Pipelines', href: to('pipelines') },
        ...(run.data ? [{ text: run.data.pipeline, href: to('pipelines', run.data.pipeline) }] : []),
      ]}
      badge={run.data && <StateBadge state={run.data.state} />}
      actions={
        <>
          <Link href={to('lineage', 'pipeline_run', String(id))}>Lineage</Link>
          {going && (
            <Button color="red" variant="light" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel
            </Button>
          )}
        </>
      }
    >
      {cancel.error && <Failure error={cancel.error} />}
      <Load query={run}>
        {(one) => {
          const steps = [...one.steps].sort((a, b) => a.position - b.position)
          const step =
            steps.find(({ name }) => name === chosen) ??
            steps.find(({ state }) => state === 'running') ??
            steps.find(({ state }) => state === 'failed') ??
            steps.at(-1)
          return (
            <>
              <Panel>
                <Facts
                  items={{
                    'As of': one.asOf === null ? 'now' : date(one.asOf),
                    Created: <Time at={one.createdAt} />,
                    Took: one.startedAt === null ? 'not started' : duration((one.finishedAt ?? now) - one.startedAt),
                    'Started by': one.actor,
                    Cause:
                      one.cause === null ? null : (
                        <Link href={`${to('journal')}?event=${one.cause}`}>event {one.cause}</Link>
                      ),
                    Parameters:
                      Object.keys(one.params).length === 0
                        ? null
                        : Object.entries(one.params)
                            .map(([key, value]) => `${key} = ${String(value)}`)
                            .join(', '),
                  }}
                />
                {one.error && (
                  <p>
                    <StateBadge state="failed" text={one.error.code} /> {one.error.message}.{' '}
                    <span className="muted">{one.error.todo}</span>
                  </p>
                )}
              </Panel>
              <div className={classes.layout}>
                <ol className={classes.steps}>
                  {steps.map((each) => (
                    <li key={each.name}>
                      <Link
                        href={`?step=${encodeURIComponent(each.name)}`}
                        replace
                        className={classes.step}
                        data-tone={toneOf(each.state)}
                        aria-current={each === step ? 'step' : undefined}
                      >
                        <b>
                          {each.name} <StateBadge state={each.state} />
                        </b>
                        <small>{stepLine(each, now)}</small>
                      </Link>
                    </li>
                  ))}
                </ol>
                {step && <StepDetail key={step.name} run={one} step={step} />}
              </div>
            </>
          )
        }}
      </Load>
    </Page>
  )
}

function stepLine(step: PipelineStep, now: number): string {
  if (step.state === 'skipped') return `nothing changed: took the outputs of run ${step.reusedRun ?? ''}`
  if (step.startedAt === null) return 'waits'
  const took = duration((step.finishedAt ?? now) - step.startedAt)
  return step.attempt > 1 ? `${took}, attempt ${step.attempt}` : took
}
