import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { localExplanationQuery } from '../../api/explanations.ts'
import { endpointQuery } from '../../api/serving.ts'
import type { LocalExplanation } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { measure } from '../../format/number.ts'
import { dateTime } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { ElsewhereView } from './elsewhere-view.tsx'
import { definitionFacts, unitText } from './explanation-text.ts'
import { Waterfall } from './waterfall.tsx'

/** One recorded prediction, from what the model expects of anybody to what it said of this row. */
export function PredictionView({ endpoint }: { endpoint: string }) {
  const to = useProjectPath()
  const [id, setId] = useQueryState('id')
  return (
    <Panel
      filter={<FilterField value={id} onChange={setId} placeholder="Id of a prediction" />}
      actions={<Link href={`${to('endpoints', endpoint)}?tab=predictions`}>Recorded predictions</Link>}
    >
      {id === '' && (
        <Empty title="Which prediction?" compact>
          Give its id, pick a dot of the other pictures, or take one from the recorded predictions.
        </Empty>
      )}
      {id !== '' && <One endpoint={endpoint} id={id} />}
    </Panel>
  )
}

function One({ endpoint, id }: { endpoint: string; id: string }) {
  const served = useQuery(endpointQuery(useProject(), endpoint))
  return (
    <Load query={served}>
      {({ state }) =>
        state === 'external' ? (
          <ElsewhereView endpoint={endpoint} id={id} />
        ) : (
          <ExplainedHere endpoint={endpoint} id={id} />
        )
      }
    </Load>
  )
}

function ExplainedHere({ endpoint, id }: { endpoint: string; id: string }) {
  const explanation = useQuery(localExplanationQuery(useProject(), endpoint, id))
  return <Load query={explanation}>{(found) => <Local found={found} />}</Load>
}

function Local({ found }: { found: LocalExplanation }) {
  const to = useProjectPath()
  return (
    <>
      <Facts
        items={{
          Score: measure(found.score, 4),
          'On record': found.recorded === null ? '–' : measure(found.recorded, 4),
          'Event time': dateTime(found.time),
          Model: <Link href={to('models', found.model, found.version)}>{`${found.model} ${found.version}`}</Link>,
          Revision: found.revision,
          ...definitionFacts(found),
          Residual: (
            <Explained definition="Difference between the score and what base and attributions add up to.">
              {measure(found.residual, 2)}
            </Explained>
          ),
        }}
      />
      <h3 style={{ margin: '16px 0 8px', fontSize: '0.8125rem' }}>
        <Explained definition={found.definition} facts={definitionFacts(found)}>
          From the base to this prediction, {unitText(found.unit)}
        </Explained>
      </h3>
      <Waterfall found={found} />
    </>
  )
}
