import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { traceQuery } from '../../api/traces.ts'
import { experimentsQuery } from '../../api/tracking.ts'
import type { TraceDetail } from '../../api/types.ts'
import { Digest } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { count } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { Assessments } from './assessments.tsx'
import { SpanDetail } from './span-detail.tsx'
import { SpanTree } from './span-tree.tsx'
import { TraceState, traceDuration } from './trace-state.tsx'
import classes from './traces.module.css'

export default function TracePage() {
  const project = useProject()
  const to = useProjectPath()
  const { trace: id } = useRouteParams<'trace'>()
  const trace = useQuery(traceQuery(project, id))
  return (
    <Page
      title={trace.data?.name ?? id}
      crumbs={[{ text: 'Traces', href: to('traces') }]}
      badge={trace.data && <TraceState state={trace.data.state} />}
    >
      <Load query={trace}>{(one) => <Trace trace={one} />}</Load>
    </Page>
  )
}

function Trace({ trace }: { trace: TraceDetail }) {
  const project = useProject()
  const to = useProjectPath()
  const [chosen, setChosen] = useQueryState('span')
  const experiments = useQuery(experimentsQuery(project))
  const span = trace.spans.find(({ id }) => id === chosen) ?? trace.spans[0]
  const tags = Object.entries(trace.tags)
  const ofTrace = trace.assessments.filter(({ span: of }) => of === null)
  return (
    <>
      <Panel title="Facts">
        <Facts
          items={{
            Began: <Time at={trace.time} />,
            Took: <span className="number">{traceDuration(trace)}</span>,
            Spans: <span className="number">{count(trace.spans.length)}</span>,
            Experiment: experiments.data?.items.find(({ id }) => id === trace.experimentId)?.name ?? trace.experimentId,
            Run: trace.run === null ? null : <Link href={to('runs', trace.run)}>{trace.run.slice(0, 8)}</Link>,
            Session:
              trace.session === null ? null : (
                <Link
                  href={`${to('traces')}?filter=${encodeURIComponent(`metadata.\`mlflow.trace.session\` = '${trace.session.replaceAll("'", "''")}'`)}`}
                >
                  {trace.session}
                </Link>
              ),
            User: trace.user,
            Tokens: trace.tokens === null ? null : <span className="number">{count(trace.tokens)}</span>,
            Tags: tags.length === 0 ? null : tags.map(([key, value]) => <div key={key}>{`${key}: ${value}`}</div>),
            Id: <Digest value={trace.id} />,
          }}
        />
      </Panel>
      {ofTrace.length > 0 && (
        <Panel title="Assessments">
          <Assessments items={ofTrace} />
        </Panel>
      )}
      {trace.spans.length === 0 ? (
        <Panel title="Spans">
          <Empty title="No span has come yet" compact>
            What its client logs appears here by itself.
          </Empty>
        </Panel>
      ) : (
        <div className={classes.split}>
          <Panel title="Spans" note={<span className={classes.hint}>arrows walk, ← and → close and open</span>} flush>
            <SpanTree spans={trace.spans} chosen={span?.id} onChoose={setChosen} />
          </Panel>
          {span && <SpanDetail key={span.id} span={span} trace={trace} />}
        </div>
      )}
    </>
  )
}
