import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type ExplainedWindow, explanationHistoryQuery } from '../../api/explanations.ts'
import type { ExplanationHistory } from '../../api/types.ts'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { count, measure } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { definitionFacts, unitText } from './explanation-text.ts'

const lines = 8
/** chance below which a day stands out */
const rare = 0.01

/** Importance day by day, and how far it is from that of the reference. */
export function HistoryView({
  endpoint,
  window,
  segment,
}: {
  endpoint: string
  window: ExplainedWindow
  segment: string
}) {
  const history = useQuery(explanationHistoryQuery(useProject(), endpoint, window, segment))
  return (
    <Load query={history}>
      {(found) =>
        found.items.length === 0 ? (
          <Panel>
            <Empty title="No day of this window and segment is explained" compact />
          </Panel>
        ) : (
          <Plots found={found} />
        )
      }
    </Load>
  )
}

function Plots({ found }: { found: ExplanationHistory }) {
  const { x, series, drift } = useMemo(() => seriesOf(found), [found])
  const definition = found.definition!
  return (
    <>
      <Panel
        title="Importance day by day"
        note={
          <Explained
            definition={definition.definition}
            facts={{ ...definitionFacts(definition), Estimate: definition.estimate }}
          >
            mean |attribution|, {unitText(definition.unit)}
          </Explained>
        }
      >
        <LinePlot label="Importance of features over time" x={x} time series={series} height={260} legend />
        {found.features.length > lines && (
          <p className="muted">
            The {lines} that matter most of {found.features.length}.
          </p>
        )}
      </Panel>
      {drift.y.some((value) => value !== null) && (
        <Panel
          title="Attribution drift"
          note={
            <Explained definition="Total variation between the shares that features have of all attribution, on the day and in the reference. A day stands out when a permutation test of its rows gives p below 0.01.">
              distance from the reference
            </Explained>
          }
        >
          <LinePlot
            label="Attribution drift over time"
            x={x}
            time
            height={170}
            series={[{ name: 'distance', ...drift }]}
          />
        </Panel>
      )}
    </>
  )
}

/** One point a day: of several revisions the one with most rows. */
function seriesOf({ items, features }: ExplanationHistory) {
  const days = [...Map.groupBy(items, ({ day }) => day)].map(([, own]) =>
    own.reduce((a, b) => (b.rows > a.rows ? b : a)),
  )
  const order = features
    .map((name, j) => ({ name, j, all: days.reduce((sum, { values }) => sum + values[j]!.value, 0) }))
    .sort((a, b) => b.all - a.all)
    .slice(0, lines)
  const distance = (i: number) => {
    const { drift } = days[i]!
    return drift && 'distance' in drift ? drift : undefined
  }
  return {
    x: days.map(({ day }) => day),
    series: order.map(({ name, j }, k) => ({
      name,
      y: days.map(({ values }) => values[j]!.value),
      // more bands than these hide each other
      ...(k < 3
        ? { low: days.map(({ values }) => values[j]!.low), high: days.map(({ values }) => values[j]!.high) }
        : {}),
      note: k === 0 ? (i: number) => `${count(days[i]!.samples)} samples, revision ${days[i]!.revision}` : undefined,
    })),
    drift: {
      y: days.map((_, i) => distance(i)?.distance ?? null),
      marked: days.map((_, i) => (distance(i)?.p ?? 1) < rare),
      note: (i: number) => {
        const found = distance(i)
        return found ? `p ${measure(found.p, 2)}, ${count(days[i]!.samples)} samples` : undefined
      },
    },
  }
}
