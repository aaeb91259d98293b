import { useQuery } from '@tanstack/react-query'
import { modelProfileQuery } from '../../api/explanations.ts'
import type { ModelProfile } from '../../api/types.ts'
import { Intervals } from '../../charts/intervals.tsx'
import { LinePlot } from '../../charts/line-plot.tsx'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Page } from '../../components/page.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useRouteParams } from '../../components/use-route-params.ts'
import { count, measure } from '../../format/number.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { valueText } from './explanation-text.ts'

export default function ModelProfilePage() {
  const project = useProject()
  const to = useProjectPath()
  const { model, version } = useRouteParams<'model' | 'version'>()
  const profile = useQuery(modelProfileQuery(project, model, Number(version)))
  return (
    <Page
      title="What it looks at"
      crumbs={[
        { text: 'Models', href: to('models') },
        { text: model, href: to('models', model) },
        { text: `${model} ${version}`, href: to('models', model, version) },
      ]}
      lead="How much worse this version gets without a feature, and what it says along a feature’s values, on rows it did not learn from."
    >
      <Load query={profile}>
        {(found) => (
          <Columns wide>
            <Permutation found={found} />
            <Dependence found={found} />
          </Columns>
        )}
      </Load>
    </Page>
  )
}

function Permutation({ found: { permutation, why, rows } }: { found: ModelProfile }) {
  return (
    <Panel
      title="Permutation importance"
      note={
        permutation && (
          <Explained
            definition={`Rise of the ${permutation.metric} when a feature is shuffled among the rows (Breiman 2001).`}
            samples={rows}
            facts={{
              Shuffles: permutation.repeats,
              'As it is': measure(permutation.score),
              Interval: 'of the shuffling, 95 %',
            }}
          >
            rise of the {permutation.metric}
          </Explained>
        )
      }
    >
      {permutation ? (
        <Intervals
          label="Permutation importance by feature"
          zero="no difference"
          rows={permutation.features
            .toSorted((a, b) => b.value - a.value)
            .map(({ feature, value, low, high }) => ({
              name: feature,
              value,
              low,
              high,
              tone: low > 0 ? ('accent' as const) : ('muted' as const),
            }))}
        />
      ) : (
        <Empty title="Not known" compact>
          {why}
        </Empty>
      )}
    </Panel>
  )
}

function Dependence({ found: { dependence, rows, permutation } }: { found: ModelProfile }) {
  const [wanted, choose] = useQueryState('feature')
  const first = permutation?.features.toSorted((a, b) => b.value - a.value)[0]?.feature
  const one =
    dependence.find(({ feature }) => feature === wanted) ??
    dependence.find(({ feature }) => feature === first) ??
    dependence[0]!
  const numbers = one.grid.every((x) => typeof x === 'number')
  return (
    <Panel
      title={`Partial dependence on ${one.feature}`}
      note={
        <Explained
          definition="Mean score when the feature is set to a value in every row (Friedman 2001). Misleads where features depend on each other."
          samples={rows}
        >
          mean score
        </Explained>
      }
      actions={
        <Select
          label="Feature"
          value={one.feature}
          onChange={choose}
          options={dependence.map(({ feature }) => ({ value: feature, text: feature }))}
        />
      }
    >
      {one.grid.length === 0 ? (
        <Empty title="Too few rows have a value" compact />
      ) : numbers ? (
        <LinePlot
          key={one.feature}
          label={`Mean score by ${one.feature}`}
          x={one.grid as number[]}
          xLabel={one.feature}
          xFormat={(x) => measure(x)}
          height={240}
          series={[
            {
              name: 'mean score',
              y: one.mean,
              low: one.low,
              high: one.high,
              note: () => `8 of 10 rows lie in the band; ${count(rows)} rows`,
            },
          ]}
        />
      ) : (
        <Intervals
          label={`Mean score by ${one.feature}`}
          rows={one.grid.map((value, i) => ({
            name: valueText(value),
            value: one.mean[i]!,
            low: one.low[i]!,
            high: one.high[i]!,
            tone: 'accent' as const,
          }))}
        />
      )}
    </Panel>
  )
}
