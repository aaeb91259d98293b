import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { worstSegmentsQuery } from '../../api/monitoring-views.ts'
import type { MonitoringOverview, WorstSegments } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { segmentText } from '../../format/segment.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { layOutTiles } from './lay-out-tiles.ts'
import classes from './monitoring.module.css'
import { ViewControls } from './view-controls.tsx'
import { useViewQuestion } from './view-question.ts'

/** pixels */
const treemapHeight = 280

type Segment = WorstSegments['segments'][number]

/** Where the model is worst: size is rows, colour is how much worse than the rest. */
export function SegmentsView({ endpoint, overview }: { endpoint: string; overview: MonitoringOverview }) {
  const project = useProject()
  const to = useProjectPath()
  const [chosen, choose] = useQueryState('segment')
  const { stretch } = useViewQuestion(overview)
  const found = useQuery(worstSegmentsQuery(project, endpoint, stretch))
  return (
    <>
      <ViewControls overview={overview} />
      <Load query={found}>
        {(answer) =>
          answer.segments.length === 0 ? (
            <Panel>
              <Empty title="No segment to compare yet" compact>
                A segment needs 50 predictions with their actual, and as many outside it. Send actuals by prediction id,
                or choose a longer stretch.
              </Empty>
            </Panel>
          ) : (
            <>
              <Panel
                title={`${answer.metric.replaceAll('_', ' ')} by segment`}
                note={
                  <Explained
                    definition={answer.method}
                    samples={answer.sample}
                    interval={answer.whole && [answer.whole.low, answer.whole.high]}
                    facts={{
                      Window: eventWindow({ from: answer.start, to: answer.end }),
                      'Slices tried': count(answer.searched),
                    }}
                  >
                    all rows {measure(answer.whole?.value)}; {count(answer.searched)} slices tried, corrected for it
                  </Explained>
                }
              >
                <Tiles answer={answer} chosen={chosen} choose={choose} />
              </Panel>
              <Panel flush>
                <Table
                  rows={[...answer.segments].sort((a, b) => b.difference - a.difference)}
                  columns={columns(answer, choose, (segment) => ({
                    Drift: `${to('monitoring')}?${new URLSearchParams({ endpoint, tab: 'drift', segment })}`,
                    Performance: `${to('monitoring')}?${new URLSearchParams({ endpoint, segment })}`,
                    Rows: `${to('endpoints', endpoint)}?${new URLSearchParams({ tab: 'predictions', segment })}`,
                  }))}
                  rowKey={({ segment }) => segment}
                  selected={({ segment }) => segment === chosen}
                />
              </Panel>
            </>
          )
        }
      </Load>
    </>
  )
}

function Tiles({ answer, chosen, choose }: { answer: WorstSegments; chosen: string; choose(segment: string): void }) {
  const most = Math.max(...answer.segments.map(({ difference }) => Math.abs(difference)), Number.MIN_VALUE)
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture of buttons */}
      <div
        className={classes.treemap}
        style={{ height: treemapHeight }}
        role="group"
        aria-label="Segments by size and by how much worse they are"
      >
        {layOutTiles(answer.segments.map(({ rows }) => rows)).map(({ x, y, width, height }, i) => {
          const one = answer.segments[i]!
          const strength = Math.round((Math.abs(one.difference) / most) * 70)
          return (
            <button
              key={one.segment}
              type="button"
              aria-pressed={one.segment === chosen}
              aria-label={segmentText(one.segment)}
              title={`${segmentText(one.segment)}: ${measure(one.value)}, ${measure(one.low, 3)} to ${measure(one.high, 3)}; ${count(one.rows)} rows${one.significant ? '' : '; may be chance'}`}
              style={{
                left: `${x * 100}%`,
                top: `${y * 100}%`,
                width: `${width * 100}%`,
                height: `${height * 100}%`,
                background: `color-mix(in srgb, var(${one.difference > 0 ? '--bad' : '--busy'}) ${strength}%, var(--raised))`,
              }}
              data-chance={!one.significant || undefined}
              onClick={() => choose(one.segment === chosen ? '' : one.segment)}
            >
              {height * treemapHeight >= 42 && <span className="clip">{segmentText(one.segment)}</span>}
              {height * treemapHeight >= 24 && <b>{measure(one.value, 3)}</b>}
            </button>
          )
        })}
      </div>
      <p className="muted" style={{ margin: '8px 0 0' }}>
        Size: rows, segments may overlap. Red: worse than all other rows, blue: better, the stronger the more. A dashed
        border: the difference may be chance.
      </p>
    </>
  )
}

const columns = (
  answer: WorstSegments,
  choose: (segment: string) => void,
  linksOf: (segment: string) => Record<string, string>,
): Column<Segment>[] => [
  {
    key: 'segment',
    head: 'Segment',
    cell: ({ segment }) => (
      <button type="button" className={classes.plain} onClick={() => choose(segment)}>
        {segmentText(segment)}
      </button>
    ),
  },
  { key: 'origin', head: 'Origin', cell: ({ origin }) => origin },
  {
    key: 'rows',
    head: 'Rows',
    right: true,
    cell: ({ rows, share }) => <span className={classes.whole}>{`${count(rows)} (${percent(share)})`}</span>,
  },
  {
    key: 'value',
    head: answer.metric.replaceAll('_', ' '),
    right: true,
    cell: (one) => (
      <Explained definition={answer.method} samples={one.rows} interval={[one.low, one.high]}>
        {measure(one.value)}
      </Explained>
    ),
  },
  {
    key: 'difference',
    head: 'Than the rest',
    right: true,
    cell: ({ difference }) => `${difference > 0 ? '+' : ''}${measure(difference, 3)}`,
  },
  { key: 'p', head: 'Chance, corrected', right: true, cell: ({ adjusted }) => measure(adjusted, 2) },
  {
    key: 'significant',
    head: 'Verdict',
    cell: ({ significant, difference }) => (
      <StateBadge
        state={significant ? (difference > 0 ? 'worse' : 'better') : 'may be chance'}
        tone={significant ? (difference > 0 ? 'bad' : 'good') : 'idle'}
      />
    ),
  },
  {
    key: 'more',
    head: '',
    cell: ({ segment }) => (
      <span className={classes.links}>
        {Object.entries(linksOf(segment)).map(([text, href]) => (
          <Link key={text} href={href}>
            {text}
          </Link>
        ))}
      </span>
    ),
  },
]
