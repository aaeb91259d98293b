import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { authorization } from '../../api/client.ts'
import { predictionsQuery } from '../../api/monitoring.ts'
import type { EndpointDetail } from '../../api/types.ts'
import { Choice } from '../../components/choice.tsx'
import { Snippet } from '../../components/copy.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { useProject } from '../../shell/project-context.tsx'
import { exampleInstance, type Features, snippets } from './snippets.ts'
import { TryIt } from './try-it.tsx'

const languages = ['curl', 'Python', 'JavaScript'] as const

/** How to ask the endpoint: code to take along, and a form to try it. */
export function UseIt({ endpoint }: { endpoint: EndpointDetail }) {
  const [language, setLanguage] = useQueryState('in', 'curl')
  const project = useProject()
  const recent = useQuery(predictionsQuery(project, endpoint.name, { limit: 1 }))
  const [changed, setFeatures] = useState<Features>()
  const features = changed ?? exampleInstance(endpoint, recent.data?.items[0]?.features)
  const shown = (languages as readonly string[]).includes(language) ? (language as (typeof languages)[number]) : 'curl'
  return (
    <Columns wide>
      <Panel
        title="In code"
        actions={<Choice label="Language" value={shown} onChange={setLanguage} options={languages} />}
      >
        <Snippet text={snippets[shown](endpoint, features, 'authorization' in authorization())} />
        <p className="muted">
          The id joins the actual later: <code>POST /api/v1/projects/…/endpoints/…/actuals</code>. Clients of the Open
          Inference Protocol and MLflow work unchanged; see the API's description.
        </p>
      </Panel>
      {recent.isPending ? (
        // the form comes with its example in it: nothing changes below the hands of who types
        <Panel title="Try it">
          <p className="muted" aria-busy="true">
            Looking for a recorded prediction as an example …
          </p>
        </Panel>
      ) : (
        <TryIt endpoint={endpoint} features={features} onChange={setFeatures} />
      )}
    </Columns>
  )
}
