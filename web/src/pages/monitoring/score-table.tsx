import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { monitorCatalogueQuery, scoresQuery } from '../../api/monitoring.ts'
import type { Score } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import { thresholdText } from './family-tiles.tsx'
import classes from './monitoring.module.css'
import { definitionFacts, stateRank, stateText, stateWord } from './score-explanation.ts'

/** A family's scores: the newest window as a table, the history of the chosen one as a plot. */
export function ScoreTable({ endpoint, family }: { endpoint: string; family: string }) {
  const project = useProject()
  const [chosen, choose] = useQueryState('score')
  const scores = useQuery(scoresQuery(project, endpoint, { monitor: family }))
  const catalogue = useQuery(monitorCatalogueQuery()).data?.families.find((one) => one.family === family)
  return (
    <Load query={scores}>
      {({ items }) => (
        <Scores
          items={items}
          chosen={chosen}
          choose={choose}
          titles={new Map(catalogue?.monitors.map((one) => [one.name, one]))}
          about={catalogue?.description}
        />
      )}
    </Load>
  )
}

const keyOf = (score: Score) => `${score.monitor} ${score.feature} ${score.segment}`

function Scores({
  items,
  chosen,
  choose,
  titles,
  about,
}: {
  items: Score[]
  chosen: string
  choose(key: string): void
  titles: Map<string, { title: string; unit: string }>
  about: string | undefined
}) {
  const groups = useMemo(() => {
    const all = [...Map.groupBy(items, keyOf)].map(([key, list]) => {
      const history = newestRevisions(list)
      return { key, history, last: history.at(-1)! }
    })
    return all.sort((a, b) => stateRank[b.last.state] - stateRank[a.last.state] || a.key.localeCompare(b.key))
  }, [items])
  if (groups.length === 0)
    return (
      <Panel>
        <Empty title="Nothing measured yet" compact>
          {about}
        </Empty>
      </Panel>
    )
  const open = groups.find(({ key }) => key === chosen) ?? groups[0]!
  const titleOf = (score: Score) => titles.get(score.monitor)?.title ?? score.monitor
  const unitOf = (score: Score) => titles.get(score.monitor)?.unit ?? ''
  const columns: Column<(typeof groups)[number]>[] = [
    {
      key: 'monitor',
      head: 'Monitor',
      cell: ({ key, last }) => (
        <button type="button" className={classes.plain} onClick={() => choose(key)}>
          {titleOf(last)}
        </button>
      ),
    },
    {
      key: 'of',
      head: 'Of',
      cell: ({ last }) =>
        [last.feature.replace('$', ''), last.segment].filter(Boolean).join(', ') || (
          <span className="muted">the endpoint</span>
        ),
    },
    {
      key: 'state',
      head: 'State',
      cell: ({ last }) => <StateBadge state={last.state} text={stateWord(last.state)} hint={stateText(last)} />,
    },
    {
      key: 'value',
      head: 'Newest',
      right: true,
      cell: ({ last }) => (
        <Explained
          definition={`${titleOf(last)}: ${stateText(last)}.`}
          samples={last.samples}
          interval={[last.low, last.high]}
          facts={{
            Threshold: thresholdText(last.thresholdLow, last.thresholdHigh),
            ...definitionFacts(last.definition),
          }}
        >
          {last.value === null ? '–' : `${measure(last.value)} ${unitOf(last)}`}
        </Explained>
      ),
    },
    {
      key: 'threshold',
      head: 'Ordinary',
      cell: ({ last }) => <span className="muted">{thresholdText(last.thresholdLow, last.thresholdHigh)}</span>,
    },
    { key: 'samples', head: 'Samples', right: true, cell: ({ last }) => count(last.samples) },
    {
      key: 'window',
      head: 'Window',
      cell: ({ last }) => <span className="number">{eventWindow({ from: last.windowStart, to: last.windowEnd })}</span>,
    },
    {
      key: 'violations',
      head: 'Violations',
      right: true,
      cell: ({ history }) =>
        history.filter(({ state }) => state === 'violation').length || <span className="muted">0</span>,
    },
  ]
  const history = open.history
  return (
    <>
      <Panel
        title={[titleOf(open.last), open.last.feature.replace('$', ''), open.last.segment].filter(Boolean).join(', ')}
        note={about}
      >
        <LinePlot
          label={titleOf(open.last)}
          x={history.map(({ windowEnd }) => windowEnd)}
          time
          height={200}
          series={[
            {
              name: [open.last.monitor.split('.')[1]?.replaceAll('_', ' '), unitOf(open.last)]
                .filter(Boolean)
                .join(' '),
              y: history.map(({ value }) => value),
              low: history.map(({ low }) => low),
              high: history.map(({ high }) => high),
              marked: history.map(({ state }) => state === 'violation'),
              note: (i) =>
                `${count(history[i]!.samples)} samples, revision ${history[i]!.revision}: ${stateText(history[i]!)}`,
            },
          ]}
          band={bandOf(history)}
        />
      </Panel>
      <Panel flush>
        <Table rows={groups} columns={columns} rowKey={({ key }) => key} selected={({ key }) => key === open.key} />
      </Panel>
    </>
  )
}

/** One score a window: the one with most samples, the newer revision where they are the same. */
function newestRevisions(list: Score[]): Score[] {
  const byEnd = new Map<number, Score>()
  for (const score of list) {
    const other = byEnd.get(score.windowEnd)
    if (!other || score.samples > other.samples || (score.samples === other.samples && score.revision > other.revision))
      byEnd.set(score.windowEnd, score)
  }
  return [...byEnd.values()].sort((a, b) => a.windowEnd - b.windowEnd)
}

function bandOf(history: Score[]) {
  const low = history.map(({ thresholdLow }) => thresholdLow)
  const high = history.map(({ thresholdHigh }) => thresholdHigh)
  const has = (values: (number | null)[]) => values.some((value) => value !== null)
  if (!has(low) && !has(high)) return undefined
  return {
    ...(has(low) ? { low } : {}),
    ...(has(high) ? { high } : {}),
    text: has(low) && has(high) ? 'ordinary by the reference' : 'threshold by the reference',
  }
}
