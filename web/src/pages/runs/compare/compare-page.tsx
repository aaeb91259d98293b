import { Button } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import { comparisonQuery, runQuery } from '../../../api/tracking.ts'
import type { RunComparison } from '../../../api/types.ts'
import { Select } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Load } from '../../../components/load.tsx'
import { Page } from '../../../components/page.tsx'
import { Panel } from '../../../components/panel.tsx'
import { Tabs } from '../../../components/tabs.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count, measure } from '../../../format/number.ts'
import { useProject, useProjectPath } from '../../../shell/project-context.tsx'
import { ChartControls } from '../charts/chart-controls.tsx'
import { MetricChart } from '../charts/metric-chart.tsx'
import { useChartSettings } from '../charts/use-chart-settings.ts'
import { readNames, writeNames } from '../table/chosen-columns.ts'
import { ArtifactComparison } from './artifact-comparison.tsx'
import { AxesChoice } from './axes-choice.tsx'
import classes from './compare.module.css'
import { DifferenceTable } from './difference-table.tsx'
import { type Dimension, dimensionsOf, readBrushes, withinBrushes, writeBrushes } from './dimension.ts'
import { ParallelCoordinates } from './parallel-coordinates.tsx'
import { rampCss, useRunColours } from './run-colours.ts'
import { ScatterPlot } from './scatter-plot.tsx'

/** more are compared without what only a run's own page knows */
const mostDetails = 24

/** Any number of runs side by side. All that is chosen here is in the address. */
export default function ComparePage() {
  const project = useProject()
  const to = useProjectPath()
  const [list] = useQueryState('runs')
  const [tab] = useQueryState('tab', 'differences')
  const ids = useMemo(() => list.split(',').filter(Boolean), [list])
  const comparison = useQuery(comparisonQuery(project, ids))
  return (
    <Page
      title={`${count(ids.length)} ${ids.length === 1 ? 'run' : 'runs'} compared`}
      crumbs={[{ text: 'Runs', href: to('runs') }]}
      actions={<Link href={to('runs')}>Choose runs</Link>}
    >
      {ids.length === 0 ? (
        <Panel>
          <Empty title="No run chosen" icon="runs">
            Select runs in <Link href={to('runs')}>their table</Link> and press Compare.
          </Empty>
        </Panel>
      ) : (
        <>
          <Tabs
            value={tab}
            items={[
              { value: 'differences', text: 'Differences' },
              { value: 'parallel', text: 'Parallel coordinates' },
              { value: 'scatter', text: 'Scatter' },
              { value: 'curves', text: 'Curves' },
              { value: 'artifacts', text: 'Artifacts' },
            ]}
          />
          <Load query={comparison}>{(data) => <Comparison data={data} tab={tab} />}</Load>
        </>
      )}
    </Page>
  )
}

function Comparison({ data, tab }: { data: RunComparison; tab: string }) {
  const project = useProject()
  const colours = useRunColours(data.runs.length)
  const details = useQueries({
    queries: (data.runs.length <= mostDetails && tab === 'differences' ? data.runs : []).map((run) =>
      runQuery(project, run.id),
    ),
    combine: (results) => results.map((one) => one.data),
  })
  const dimensions = useMemo(() => dimensionsOf(data), [data])
  if (tab === 'parallel') return <Parallel data={data} dimensions={dimensions} />
  if (tab === 'scatter') return <Scatter data={data} dimensions={dimensions} />
  if (tab === 'curves') return <Curves data={data} colours={colours} />
  if (tab === 'artifacts') return <ArtifactComparison runs={data.runs} colours={colours} />
  return <DifferenceTable comparison={data} details={details} colours={colours} />
}

const useOpenRun = (data: RunComparison) => {
  const to = useProjectPath()
  const [, go] = useLocation()
  return (run: number) => go(to('runs', data.runs[run]!.id))
}

/** The axes without a choice: params that differ, then metrics. */
const usualAxes = (dimensions: Dimension[]) => {
  const differing = dimensions.filter(({ differs }) => differs)
  return [
    ...differing.filter(({ kind }) => kind === 'param').slice(0, 5),
    ...differing.filter(({ kind, key }) => kind === 'metric' && !key.startsWith('system/')).slice(0, 3),
  ]
}

function Parallel({ data, dimensions }: { data: RunComparison; dimensions: Dimension[] }) {
  const to = useProjectPath()
  const [, go] = useLocation()
  const open = useOpenRun(data)
  const [chosen, setChosen] = useQueryState('axes')
  const [drawn, setDrawn] = useQueryState('brush')
  const byName = useMemo(() => new Map(dimensions.map((one) => [one.name, one])), [dimensions])
  const axes = useMemo(
    () => (chosen ? readNames(chosen).flatMap((name) => byName.get(name) ?? []) : usualAxes(dimensions)),
    [chosen, byName, dimensions],
  )
  const [colour, setColour] = useQueryState('colour', axes.at(-1)?.name ?? '')
  const brushes = useMemo(() => readBrushes(drawn), [drawn])
  const names = useMemo(() => data.runs.map(({ name }) => name), [data])
  const kept = withinBrushes(axes, brushes, data.runs.length)
  const ids = data.runs.filter((_, i) => kept[i]).map(({ id }) => id)
  const brushed = Object.keys(brushes).length > 0
  return (
    <Panel
      title="Parallel coordinates"
      note={
        brushed
          ? `${count(ids.length)} of ${count(names.length)} runs within what was drawn`
          : 'draw over an axis to keep the runs within'
      }
      actions={
        <>
          <ColourChoice dimensions={dimensions} value={colour} onChange={setColour} />
          <AxesChoice
            dimensions={dimensions}
            chosen={axes.map(({ name }) => name)}
            onChange={(next) => setChosen(writeNames(next))}
          />
        </>
      }
    >
      {axes.length === 0 ? (
        <Empty title="Nothing differs between these runs" compact />
      ) : (
        <ParallelCoordinates
          axes={axes}
          names={names}
          colourBy={byName.get(colour)}
          brushes={brushes}
          onBrush={(next) => setDrawn(writeBrushes(next))}
          onOpen={open}
        />
      )}
      {brushed && (
        <div className={classes.kept}>
          <Button
            variant="default"
            disabled={ids.length === 0}
            onClick={() => go(`${to('runs', 'compare')}?tab=parallel&runs=${ids.join(',')}`)}
          >
            Compare only these {count(ids.length)}
          </Button>
          <Button variant="subtle" color="gray" onClick={() => setDrawn('')}>
            Clear
          </Button>
          {data.runs.map((run, i) =>
            kept[i] && ids.length <= 20 ? (
              <Link key={run.id} href={to('runs', run.id)}>
                {run.name}
              </Link>
            ) : null,
          )}
        </div>
      )}
    </Panel>
  )
}

function ColourChoice({
  dimensions,
  value,
  onChange,
}: {
  dimensions: Dimension[]
  value: string
  onChange(name: string): void
}) {
  const one = dimensions.find(({ name }) => name === value)
  return (
    <>
      <Select
        label="Colour"
        value={value}
        onChange={onChange}
        options={[{ value: '', text: 'none' }, ...optionsOf(dimensions)]}
      />
      {one && one.scale !== 'categories' && (
        <span className={classes.ramp}>
          {measure(one.least, 3)} <i style={{ background: rampCss }} /> {measure(one.most, 3)}
        </span>
      )}
    </>
  )
}

const optionsOf = (dimensions: Dimension[]) =>
  dimensions.map(({ name, key, kind }) => ({ value: name, text: `${key} (${kind})` }))

function Scatter({ data, dimensions }: { data: RunComparison; dimensions: Dimension[] }) {
  const open = useOpenRun(data)
  const usual = usualAxes(dimensions)
  const [x, setX] = useQueryState('sx', (usual[0] ?? dimensions[0])?.name ?? '')
  const [y, setY] = useQueryState('sy', (usual.at(-1) ?? dimensions.at(-1))?.name ?? '')
  const [colour, setColour] = useQueryState('colour')
  const of = (name: string) => dimensions.find((one) => one.name === name)
  const names = useMemo(() => data.runs.map(({ name }) => name), [data])
  const [across, up] = [of(x), of(y)]
  return (
    <Panel
      title="Scatter"
      actions={
        <>
          <Select label="Across" value={x} onChange={setX} options={optionsOf(dimensions)} />
          <Select label="Up" value={y} onChange={setY} options={optionsOf(dimensions)} />
          <ColourChoice dimensions={dimensions} value={colour} onChange={setColour} />
        </>
      }
    >
      {across && up ? (
        <ScatterPlot x={across} y={up} colourBy={of(colour)} names={names} onOpen={open} />
      ) : (
        <Empty title="These runs have no number in common" compact />
      )}
    </Panel>
  )
}

function Curves({ data, colours }: { data: RunComparison; colours: string[] }) {
  const settings = useChartSettings()
  const keys = data.metrics.map(({ key }) => key)
  const [metric, setMetric] = useQueryState('metric', keys.find((key) => /loss/.test(key)) ?? keys[0] ?? '')
  const curves = useMemo(() => {
    const had = data.metrics.find(({ key }) => key === metric)
    const taken = new Map<string, number>()
    return data.runs.flatMap((run, i) => {
      if (had && had.values[i] === undefined) return []
      // two runs of one name are told apart in the legend
      const times = (taken.get(run.name) ?? 0) + 1
      taken.set(run.name, times)
      return [{ run: run.id, key: metric, name: times > 1 ? `${run.name} (${times})` : run.name, colour: colours[i] }]
    })
  }, [data, metric, colours])
  return (
    <Panel
      title="Curves"
      actions={
        <>
          <Select
            label="Metric"
            value={metric}
            onChange={setMetric}
            options={keys.map((key) => ({ value: key, text: key }))}
          />
          <ChartControls settings={settings} />
        </>
      }
    >
      {metric ? (
        <MetricChart
          label={`${metric} by ${settings.by}`}
          height={460}
          curves={curves}
          settings={settings}
          going={data.runs.some(({ status }) => status === 'RUNNING')}
        />
      ) : (
        <Empty title="These runs have logged no metric" compact />
      )}
    </Panel>
  )
}
