import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { Link } from 'wouter'
import { latestEventsQuery } from '../../api/journal.ts'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { Page } from '../../components/page.tsx'
import { Lines } from '../../components/page-skeleton.tsx'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { useLiveEvents, useProject, useProjectPath } from '../../shell/project-context.tsx'
import { EventList } from '../journal/event-list.tsx'
import type { LoopFacts } from './loop-facts.ts'
import { useLoopFacts } from './loop-facts.ts'
import { LoopPicture } from './loop-picture.tsx'
import { loopStages } from './loop-stages.ts'
import classes from './overview.module.css'

const WorthIt = lazy(async () => ({ default: (await import('./worth-it.tsx')).WorthIt }))
const shownEvents = 9

export default function OverviewPage() {
  const project = useProject()
  const to = useProjectPath()
  const { facts, error } = useLoopFacts()
  const live = useLiveEvents()
  const stored = useQuery(latestEventsQuery(project, {}, 30))
  const stages = loopStages(facts, to)
  const { events, fresh } = useMemo(() => {
    const known = stored.data?.items ?? []
    const newest = known[0]?.id ?? 0
    const all = [...live.filter((event) => event.id > newest), ...known]
    return { events: all.slice(0, shownEvents), fresh: new Set(live.map(({ id }) => id)) }
  }, [stored.data, live])
  const blank = facts.sources?.length === 0 && facts.endpoints?.length === 0 && facts.models?.length === 0

  return (
    <Page title="Overview" lead="The loop, live: where each stage stands and what happened last.">
      {error ? <Failure error={error} /> : null}
      {blank && (
        <Panel>
          <Empty title="This project has nothing declared yet" icon="loop" command="kedge apply -f kedge.yaml">
            One file declares the loop: sources, datasets, pipelines, models, endpoints and rules. The picture fills as
            each stage does its first work.
          </Empty>
        </Panel>
      )}
      <LoopPicture
        stages={stages}
        events={live}
        middle={<Closed facts={facts} />}
        corner={
          <section className={classes.events} aria-label="Latest events">
            <header>
              <b>Latest events</b>
              <Link href={to('journal')}>Journal</Link>
            </header>
            {stored.isPending ? (
              <Lines count={4} height={14} />
            ) : events.length === 0 ? (
              <p className="muted">Nothing has happened yet.</p>
            ) : (
              <EventList events={events} fresh={fresh} />
            )}
          </section>
        }
      />
      {facts.endpoint && (
        <Suspense fallback={<Lines />}>
          <WorthIt endpoint={facts.endpoint} />
        </Suspense>
      )}
    </Page>
  )
}

/** How often the loop has closed: a rule's retraining that passed its gate. */
function Closed({ facts }: { facts: LoopFacts }) {
  if (!facts.firings) return null
  const closed = facts.firings.filter(({ state }) => state === 'succeeded')
  const last = closed[0]
  if (!last) {
    const running = facts.firings.find(({ state }) => state === 'running' || state === 'waiting')
    return (
      <span className="muted">
        {running
          ? `“${running.rule}” is retraining because of ${running.subject.replace('/', ' ')}`
          : 'The loop has not closed yet: no retraining by itself has passed its gate.'}
      </span>
    )
  }
  return (
    <>
      <span className={classes.closed}>closed {closed.length === 1 ? 'once' : `${closed.length} times`}</span>
      <span className="muted">
        last <Time at={last.finishedAt ?? last.createdAt} />, because of {last.subject.replace('/', ' ')}
      </span>
    </>
  )
}
