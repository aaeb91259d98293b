import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { monitorCatalogueQuery } from '../../api/monitoring.ts'
import { distributionQuery, type ViewQuestion } from '../../api/monitoring-views.ts'
import type { DistributionWindow, FeatureDistribution } from '../../api/types.ts'
import { CategoryBars, Histogram } from '../../charts/histogram.tsx'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Choice, Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import classes from './monitoring.module.css'
import { RowsBehind } from './rows-behind.tsx'
import { featureName } from './score-cell.tsx'
import { sampledNote } from './segment-choice.tsx'

/** How a feature is distributed in one window beside what it is held against, and over all windows. */
export function DistributionView({
  endpoint,
  feature,
  question,
}: {
  endpoint: string
  feature: string
  question: ViewQuestion
}) {
  const project = useProject()
  const [end, setEnd] = useQueryState('window')
  const found = useQuery(distributionQuery(project, endpoint, feature, question))
  return (
    <Load query={found}>
      {(answer) => {
        const chosen =
          answer.windows.find((one) => String(one.end) === end) ?? answer.windows.findLast(({ rows }) => rows > 0)
        return chosen ? (
          <>
            <Beside endpoint={endpoint} found={answer} window={chosen} onWindow={(one) => setEnd(String(one))} />
            <OverTime found={answer} chosen={chosen} onWindow={(one) => setEnd(String(one))} />
          </>
        ) : (
          <Panel title={featureName(feature)}>
            <Empty title="No window in this stretch" compact>
              Choose a longer stretch.
            </Empty>
          </Panel>
        )
      }}
    </Load>
  )
}

function Beside({
  endpoint,
  found,
  window,
  onWindow,
}: {
  endpoint: string
  found: FeatureDistribution
  window: DistributionWindow
  onWindow(end: number): void
}) {
  const [bar, setBar] = useQueryState('bar')
  const [form, setForm] = useQueryState('form', 'bars')
  const titles = useQuery(monitorCatalogueQuery()).data?.driftMetrics
  const { reference, band, edges, categories, type } = found
  // an edge that is nothing beside the others is zero, which the arithmetic missed
  const least = (edges.at(-1)! - edges[0]!) * 1e-9
  const edge = (i: number) => measure(Math.abs(edges[i]!) < least ? 0 : edges[i])
  const labels =
    type === 'categorical'
      ? categories.map((one) => (one === '…' ? '… all others' : one))
      : window.counts.map((_, i) =>
          i === 0 ? `up to ${edge(0)}` : i === edges.length ? `over ${edge(i - 1)}` : `${edge(i - 1)} to ${edge(i)}`,
        )
  const share = (one: DistributionWindow, i: number) => one.counts[i]! / Math.max(1, one.rows - one.missing)
  const bins = labels.map((label, i) => ({
    label,
    value: share(window, i),
    ...(reference ? { against: share(reference, i), ordinary: band?.shares[i] } : {}),
  }))
  const held = found.definition.reference ?? 'the reference'
  const names: [string, string] = ['window', held]
  const pick = (i: number) => setBar(bar === String(i) ? '' : String(i))
  const picked = bar === '' || bar === 'missing' ? undefined : Number(bar)
  return (
    <>
      <Panel
        title={`${featureName(found.feature)} beside ${held}`}
        note={`filled is the window, outlined what it is held against; click a bar for its rows${sampledNote(found.definition.segment)}`}
        actions={
          <>
            <Select
              label="Window"
              value={String(window.end)}
              onChange={(value) => onWindow(Number(value))}
              options={found.windows
                .filter(({ rows }) => rows > 0)
                .map((one) => ({ value: String(one.end), text: eventWindow({ from: one.start, to: one.end }) }))
                .reverse()}
            />
            {type === 'numeric' && (
              <Choice
                label="Form"
                value={form}
                onChange={setForm}
                options={[
                  { value: 'bars', text: 'Histogram' },
                  { value: 'ecdf', text: 'Cumulative' },
                ]}
              />
            )}
          </>
        }
      >
        {type === 'categorical' ? (
          <CategoryBars
            label="Categories of the window beside the reference"
            bins={bins}
            shares
            names={names}
            limit={16}
            onPick={pick}
            selected={picked}
          />
        ) : form === 'ecdf' ? (
          <Cumulative found={found} window={window} held={held} />
        ) : (
          <Histogram
            label="Distribution of the window beside the reference"
            bins={bins}
            shares
            names={names}
            height={190}
            axis={[labels[0]!, labels.at(-1)!]}
            onPick={pick}
            selected={picked}
          />
        )}
        <div className={classes.sides}>
          <Side
            name={eventWindow({ from: window.start, to: window.end })}
            side={window}
            onMissing={() => setBar(bar === 'missing' ? '' : 'missing')}
          />
          {reference && <Side name={held} side={reference} against />}
        </div>
        <div className={classes.distances}>
          {Object.entries(window.distances).map(([metric, value]) => (
            <span key={metric}>
              <span className="muted">{titles?.find(({ name }) => name === metric)?.title ?? metric}</span>{' '}
              <span className="number">{value === null ? 'too few rows' : measure(value)}</span>
            </span>
          ))}
        </div>
      </Panel>
      {bar !== '' && (
        <RowsBehind
          key={`${found.feature} ${window.end} ${bar}`}
          endpoint={endpoint}
          title={`the bar: ${featureName(found.feature)} ${picked === undefined ? 'missing' : (labels[picked] ?? '')}`}
          question={{
            revision: found.definition.revision,
            from: window.start,
            to: window.end,
            feature: found.feature,
            ...(found.definition.segment ? { segment: found.definition.segment } : {}),
            ...(picked === undefined
              ? { missing: true }
              : type === 'numeric'
                ? { above: edges[picked - 1], up_to: edges[picked] }
                : categories[picked] === '…'
                  ? { except: categories.filter((one) => one !== '…') }
                  : { category: categories[picked] ?? '' }),
          }}
          onClose={() => setBar('')}
        />
      )}
    </>
  )
}

function Cumulative({ found, window, held }: { found: FeatureDistribution; window: DistributionWindow; held: string }) {
  const series = useMemo(
    () => [
      { name: 'window', y: window.cumulative },
      ...(found.reference ? [{ name: held, y: found.reference.cumulative, dashed: true }] : []),
    ],
    [found, window, held],
  )
  return (
    <LinePlot
      label="Share of rows up to a value"
      x={found.edges}
      xLabel="up to"
      xFormat={(value) => measure(value, 3)}
      height={220}
      series={series}
      yRange={unit}
      format={percent}
    />
  )
}
const unit: [number, number] = [0, 1]

function Side({
  name,
  side,
  against,
  onMissing,
}: {
  name: string
  side: DistributionWindow
  against?: boolean
  onMissing?: () => void
}) {
  const missing = percent(side.missing / Math.max(1, side.rows))
  return (
    <div className={classes.side} data-against={against || undefined}>
      <b>{name}</b>
      <Facts
        items={{
          Rows: count(side.rows),
          Missing:
            onMissing && side.missing > 0 ? (
              <button type="button" className={classes.plain} onClick={onMissing}>
                {missing}
              </button>
            ) : (
              missing
            ),
          Mean: side.mean === null ? null : measure(side.mean),
          Deviation: side.deviation === null ? null : measure(side.deviation),
          Median: side.quantiles ? measure(side.quantiles.p50) : null,
          '5 % to 95 %': side.quantiles
            ? `${measure(side.quantiles.p05, 3)} to ${measure(side.quantiles.p95, 3)}`
            : null,
        }}
      />
    </div>
  )
}

const mostCategories = 6

function OverTime({
  found,
  chosen,
  onWindow,
}: {
  found: FeatureDistribution
  chosen: DistributionWindow
  onWindow(end: number): void
}) {
  const { windows, band, type, categories } = found
  const plot = useMemo(() => {
    const note = (i: number) =>
      `${count(windows[i]!.rows)} rows, ${percent(windows[i]!.missing / Math.max(1, windows[i]!.rows))} missing`
    const missing = [
      {
        name: 'missing',
        y: windows.map(({ rows, missing }) => (rows > 0 ? missing / rows : null)),
        note: (i: number) => `of ${count(windows[i]!.rows)} rows`,
      },
    ]
    const most: [number, number] = [
      0,
      Math.max(0.02, ...windows.map(({ rows, missing }) => missing / Math.max(1, rows))),
    ]
    if (type === 'categorical') {
      const order = categories
        .map((name, i) => ({
          name: name === '…' ? 'all others' : name,
          i,
          n: windows.reduce((n, one) => n + one.counts[i]!, 0),
        }))
        .sort((a, b) => b.n - a.n)
      return {
        most,
        missing,
        main: order.slice(0, mostCategories).map(({ name, i }) => ({
          name,
          y: windows.map((one) => (one.rows > one.missing ? one.counts[i]! / (one.rows - one.missing) : null)),
          note,
        })),
      }
    }
    const q = (name: 'p05' | 'p25' | 'p50' | 'p75' | 'p95') => windows.map(({ quantiles }) => quantiles?.[name] ?? null)
    return {
      most,
      missing,
      main: [
        { name: 'median, in 5 % to 95 %', y: q('p50'), low: q('p05'), high: q('p95'), note },
        { name: '25 %', y: q('p25'), dashed: true },
        { name: '75 %', y: q('p75'), dashed: true },
      ],
    }
  }, [windows, type, categories])
  const median = band?.quantiles?.p50
  const ordinary = useMemo(
    () =>
      median && {
        low: windows.map(() => median.low),
        high: windows.map(() => median.high),
        text: 'median of the reference’s own windows',
      },
    [windows, median],
  )
  const away = useMemo(
    () => band && { high: windows.map(() => band.missing.high), text: 'most of the reference’s own windows' },
    [windows, band],
  )
  const x = useMemo(() => windows.map(({ end }) => end), [windows])
  const markers = useMemo(() => [{ x: chosen.end, text: 'shown above', tone: 'muted' as const }], [chosen.end])
  return (
    <Columns wide>
      <Panel
        title={
          type === 'categorical'
            ? `Shares of ${featureName(found.feature)} over time`
            : `${featureName(found.feature)} over time`
        }
        note="by the end of each window; click for its distribution"
      >
        <LinePlot
          label={`${featureName(found.feature)} over time`}
          x={x}
          time
          height={220}
          series={plot.main}
          band={ordinary}
          markers={markers}
          {...(type === 'categorical' ? { format: percent } : {})}
          onPick={(i) => onWindow(windows[i]!.end)}
        />
      </Panel>
      <Panel title="Missing over time">
        <LinePlot
          label={`Missing ${featureName(found.feature)} over time`}
          x={x}
          time
          height={220}
          series={plot.missing}
          yRange={plot.most}
          band={away ?? undefined}
          format={percent}
          onPick={(i) => onWindow(windows[i]!.end)}
        />
      </Panel>
    </Columns>
  )
}
