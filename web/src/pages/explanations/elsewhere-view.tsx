import { useQuery } from '@tanstack/react-query'
import { loggedExplanationsQuery } from '../../api/explanations.ts'
import { predictionsQuery } from '../../api/monitoring.ts'
import { Intervals } from '../../charts/intervals.tsx'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { measure } from '../../format/number.ts'
import { dateTime } from '../../format/time.ts'
import { useProject } from '../../shell/project-context.tsx'

/** A prediction of a model that Kedge does not have: its record, and what was logged of what each feature added. */
export function ElsewhereView({ endpoint, id }: { endpoint: string; id: string }) {
  const project = useProject()
  const rows = useQuery(predictionsQuery(project, endpoint, { id, limit: 1 }))
  const logged = useQuery(loggedExplanationsQuery(project, endpoint, id))
  return (
    <Load query={rows}>
      {({ items: [row] }) =>
        row ? (
          <>
            <Facts
              items={{
                Score: row.score === null ? null : measure(row.score),
                Label: row.label || null,
                Actual: row.actualLabel ?? (row.actual === null ? 'not yet' : measure(row.actual)),
                'Event time': dateTime(row.time),
                ...Object.fromEntries(
                  Object.entries(row.features).map(([name, value]) => [
                    name,
                    typeof value === 'number' ? measure(value) : value,
                  ]),
                ),
              }}
            />
            <Load query={logged}>
              {({ items }) =>
                items.length === 0 ? (
                  <Empty title="Nothing explains it" compact>
                    The model is served elsewhere, so Kedge cannot ask it. What each feature added, as its own explainer
                    says, can be logged beside the predictions:{' '}
                    <code>POST …/endpoints/{endpoint}/logged-explanations</code>.
                  </Empty>
                ) : (
                  items.map(({ kind, values }) => (
                    <section key={kind} style={{ marginTop: 14 }}>
                      <p className="muted" style={{ margin: '0 0 8px' }}>
                        What each feature added, as it was logged ({kind})
                      </p>
                      <Intervals
                        label={`What each feature added (${kind})`}
                        zero="nothing added"
                        rows={Object.entries(values)
                          .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
                          .map(([name, value]) => ({
                            name,
                            value,
                            low: Math.min(0, value),
                            high: Math.max(0, value),
                            tone: value < 0 ? 'bad' : 'accent',
                          }))}
                      />
                    </section>
                  ))
                )
              }
            </Load>
          </>
        ) : (
          <Empty title="No prediction has this id" compact>
            Ids are matched whole.
          </Empty>
        )
      }
    </Load>
  )
}
