import { useQuery } from '@tanstack/react-query'
import { authorization } from '../../api/client.ts'
import { predictionsQuery } from '../../api/monitoring.ts'
import type { EndpointDetail } from '../../api/types.ts'
import { Choice } from '../../components/choice.tsx'
import { Snippet } from '../../components/copy.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useProject } from '../../shell/project-context.tsx'
import { actualSnippets, exampleLogged, logSnippets } from './log-snippets.ts'

const ways = ['curl', 'Python', 'a file'] as const

/** How predictions and actuals of a model that is served elsewhere come here. */
export function LogIt({ endpoint }: { endpoint: EndpointDetail }) {
  const project = useProject()
  const [way, setWay] = useQueryState('by', 'curl')
  const newest = useQuery(predictionsQuery(project, endpoint.name, { limit: 1 }))
  const shown = (ways as readonly string[]).includes(way) ? (way as (typeof ways)[number]) : 'curl'
  const place = {
    address: location.origin,
    project,
    endpoint: endpoint.name,
    secured: 'authorization' in authorization(),
  }
  const example = exampleLogged(endpoint, newest.data?.items[0])
  return (
    <>
      <div style={{ marginBottom: 12 }}>
        <Choice label="How to log" value={shown} onChange={setWay} options={ways} />
      </div>
      <Columns wide>
        <Panel title="Predictions" note="as they are made, or all of a day at once">
          <Snippet text={logSnippets[shown](place, example)} label="Copy how to log predictions" />
          <p className="muted" style={{ marginBottom: 0 }}>
            The <code>id</code> joins the actual later, and makes it safe to send again: the same ids change nothing.
            Without a <code>time</code> it is now. <code>score</code> is a probability or a number, <code>label</code> a
            class, <code>version</code> which version of the model it was. OpenTelemetry is taken too.
          </p>
        </Panel>
        <Panel title="Actuals" note="when they are known, seconds or months later">
          <Snippet text={actualSnippets[shown](place, example)} label="Copy how to send actuals" />
          <p className="muted" style={{ marginBottom: 0 }}>
            In any order, even before their prediction. A corrected actual replaces the one before, and only the windows
            that it changes are computed anew.
          </p>
        </Panel>
      </Columns>
    </>
  )
}
