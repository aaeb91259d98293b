import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { scoresQuery } from '../../api/monitoring.ts'
import type { Score } from '../../api/types.ts'
import { HeatMap } from '../../charts/heat-map.tsx'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { date } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'
import { answeredScores, heatOf } from './answered-scores.ts'
import { FeatureView } from './feature-view.tsx'
import { scoreTitle } from './score-explanation.ts'

/** Feature × window: how far each is from the reference. A cell opens the two distributions below. */
export function DriftView({ endpoint }: { endpoint: string }) {
  const project = useProject()
  const [revision, setRevision] = useQueryState('revision')
  const [filter, setFilter] = useQueryState('filter')
  const [feature, setFeature] = useQueryState('feature')
  const [end, setEnd] = useQueryState('window')
  const scores = useQuery(scoresQuery(project, endpoint, { monitor: 'drift' }))
  return (
    <Load query={scores}>
      {({ items }) => {
        const revisions = [...new Set(items.map((score) => score.revision))].sort((a, b) => a - b)
        return (
          <DriftMap
            scores={items}
            revision={revision === '' ? undefined : Number(revision)}
            filter={filter}
            picked={feature && end ? { feature, end: Number(end) } : undefined}
            onPick={(name, windowEnd) => {
              setFeature(name)
              setEnd(String(windowEnd))
            }}
            endpoint={endpoint}
            actions={
              <>
                <FilterField value={filter} onChange={setFilter} placeholder="Filter features" />
                <Select
                  label="Revision"
                  value={revision}
                  onChange={setRevision}
                  options={[
                    { value: '', text: 'that answered' },
                    ...revisions.map((one) => ({ value: String(one), text: String(one) })),
                  ]}
                />
              </>
            }
          />
        )
      }}
    </Load>
  )
}

interface DriftMapProps {
  endpoint: string
  scores: Score[]
  revision: number | undefined
  filter: string
  picked: { feature: string; end: number } | undefined
  onPick(feature: string, windowEnd: number): void
  actions: React.ReactNode
}

function DriftMap({ endpoint, scores, revision, filter, picked, onPick, actions }: DriftMapProps) {
  const map = useMemo(() => {
    const chosen = answeredScores(scores, revision)
    const ends = [...new Set(chosen.map(({ windowEnd }) => windowEnd))].sort((a, b) => a - b)
    const byFeature = Map.groupBy(chosen, ({ feature }) => feature)
    const rows = [...byFeature].map(([feature, list]) => {
      const byEnd = new Map(list.map((score) => [score.windowEnd, score]))
      return {
        feature,
        scores: ends.map((at) => byEnd.get(at)),
        worst: Math.max(...list.map((score) => heatOf(score) ?? 0)),
      }
    })
    // what callers sent first, the most drifted on top; then the model's own answers
    rows.sort((a, b) => Number(a.feature.startsWith('$')) - Number(b.feature.startsWith('$')) || b.worst - a.worst)
    return { ends, rows }
  }, [scores, revision])
  const shown = map.rows.filter(({ feature }) => feature.toLowerCase().includes(filter.toLowerCase()))
  const every = Math.max(1, Math.ceil(map.ends.length / 8))
  const score =
    picked && map.rows.find(({ feature }) => feature === picked.feature)?.scores[map.ends.indexOf(picked.end)]
  const nameOf = (feature: string) =>
    feature === '$score' ? 'score (output)' : feature === '$label' ? 'label (output)' : feature
  return (
    <>
      <Panel
        title="Distance from the reference"
        note="a column is a window by its end; point at a cell, click for the distributions"
        actions={actions}
      >
        {map.ends.length === 0 ? (
          <Empty title="No window yet" compact>
            A window is measured when its days have predictions and the model has a reference.
          </Empty>
        ) : (
          <HeatMap
            label="Drift by feature and window"
            columns={map.ends.map(date)}
            ticks={map.ends.flatMap((_, i) => (i % every === 0 && i <= map.ends.length - every / 2 ? [i] : []))}
            rows={shown.map((row) => ({
              name: nameOf(row.feature),
              cells: row.scores.map(
                (one) => one && { heat: heatOf(one), violated: one.state === 'violation', title: scoreTitle(one) },
              ),
            }))}
            selected={picked && { row: nameOf(picked.feature), column: map.ends.indexOf(picked.end) }}
            onPick={(name, column) =>
              onPick(shown.find((row) => nameOf(row.feature) === name)!.feature, map.ends[column]!)
            }
          />
        )}
      </Panel>
      {score && (
        <FeatureView
          endpoint={endpoint}
          score={score}
          history={answeredScores(scores, revision).filter(({ feature }) => feature === score.feature)}
        />
      )}
    </>
  )
}
