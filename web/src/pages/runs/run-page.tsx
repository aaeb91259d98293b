import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { runQuery } from '../../api/tracking.ts'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { useRouteParams } from '../../components/use-route-params.ts'
import { duration } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { Artifacts } from './artifacts.tsx'
import { MetricPlots } from './metric-plots.tsx'
import classes from './runs.module.css'

export default function RunPage() {
  const project = useProject()
  const to = useProjectPath()
  const { run: id } = useRouteParams<'run'>()
  const run = useQuery(runQuery(project, id))
  return (
    <Page
      title={run.data?.name ?? id.slice(0, 8)}
      crumbs={[{ text: 'Runs', href: to('runs') }]}
      badge={run.data && <StateBadge state={run.data.status} />}
      lead={run.data && <>Experiment {run.data.experiment}</>}
      actions={<Link href={to('lineage', 'run', id)}>Lineage</Link>}
    >
      <Load query={run}>
        {(one) => (
          <>
            <Panel title="Facts">
              <Facts
                items={{
                  Started: <Time at={one.startTime} />,
                  Took: one.startTime && one.endTime ? duration(one.endTime - one.startTime) : 'still runs',
                  User: one.user || '–',
                  'Pipeline run':
                    one.pipelineRun === null ? null : (
                      <Link
                        href={`${to('pipeline-runs', one.pipelineRun)}?step=${one.step ?? ''}`}
                      >{`${one.pipelineRun}, step ${one.step ?? ''}`}</Link>
                    ),
                  'Model versions':
                    one.modelVersions.length === 0
                      ? null
                      : one.modelVersions.map((made) => (
                          <div key={`${made.model}@${made.version}`}>
                            <Link href={to('models', made.model, made.version)}>{`${made.model} ${made.version}`}</Link>
                          </div>
                        )),
                  Id: <code>{one.id}</code>,
                }}
              />
            </Panel>
            <Columns wide>
              <Panel title="Parameters">
                <Pairs pairs={Object.entries(one.params)} empty="No parameter was logged." />
              </Panel>
              <Panel title="Inputs">
                {one.inputs.length === 0 ? (
                  <Empty title="No input was logged" compact />
                ) : (
                  <ul className={classes.artifacts}>
                    {one.inputs.map((input) => (
                      <li key={`${input.name} ${input.digest}`}>
                        <b>{input.name}</b>
                        <span className="muted">{input.context}</span>
                        <code className="muted">{input.digest.slice(0, 12)}</code>
                      </li>
                    ))}
                  </ul>
                )}
              </Panel>
            </Columns>
            <Panel title="Metrics">
              {one.latest.length === 0 ? <Empty title="No metric was logged" compact /> : <MetricPlots run={one} />}
            </Panel>
            <Columns wide>
              <Artifacts run={one.id} />
              <Panel title="Tags">
                <Pairs
                  pairs={Object.entries(one.tags).filter(([key]) => !key.startsWith('mlflow.log-model'))}
                  empty="No tag was set."
                />
              </Panel>
            </Columns>
          </>
        )}
      </Load>
    </Page>
  )
}

const Pairs = ({ pairs, empty }: { pairs: [string, string][]; empty: string }) =>
  pairs.length === 0 ? (
    <Empty title={empty} compact />
  ) : (
    <dl className={classes.pairs}>
      {pairs.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
