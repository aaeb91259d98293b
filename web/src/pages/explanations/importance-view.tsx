import { useQuery } from '@tanstack/react-query'
import { type ExplainedWindow, explainedSampleQuery } from '../../api/explanations.ts'
import type { GlobalImportance } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { Load } from '../../components/load.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { measure, percent } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { Beeswarm } from './beeswarm.tsx'
import { coverage, definitionFacts, unitText } from './explanation-text.ts'
import classes from './explanations.module.css'

/** What matters in a window: bars with their intervals beside the reference, and every explained row as a dot. */
export function ImportanceView({
  endpoint,
  window,
  found,
}: {
  endpoint: string
  window: ExplainedWindow
  found: GlobalImportance
}) {
  const project = useProject()
  const sample = useQuery(explainedSampleQuery(project, endpoint, window))
  const definition = found.definition!
  return (
    <>
      <Panel title="How this came about" note={coverage(found)}>
        <Facts
          items={{
            ...definitionFacts(definition),
            'Largest residual': (
              <Explained definition="Largest difference between the score and what base and attributions add up to, over all explained rows: the additivity check.">
                {measure(found.residual, 2)}
              </Explained>
            ),
            'Attribution drift': <Drift found={found} />,
          }}
        />
      </Panel>
      <Columns wide>
        <Panel title="Importance" note={`mean |attribution|, ${unitText(definition.unit)}`}>
          <ImportanceBars found={found} />
        </Panel>
        <Panel title="Every explained prediction" note="a dot each; click for its explanation">
          <Load query={sample}>
            {(rows) =>
              rows.rows.length === 0 ? (
                <Empty title="The rows are gone" compact>
                  Retention or an erasure has taken the features of the {rows.withoutFeatures} explained rows.
                </Empty>
              ) : (
                <Beeswarm sample={rows} order={found.features.map(({ feature }) => feature)} />
              )
            }
          </Load>
        </Panel>
      </Columns>
    </>
  )
}

function Drift({ found: { drift } }: { found: GlobalImportance }) {
  if (drift === null) return <>not of a segment</>
  if ('missing' in drift) return <>unknown: {drift.missing}</>
  return (
    <Explained
      definition="Total variation between the shares that features have of all attribution, here and in the reference: 0 the same, 1 quite others. p by a permutation test over rows."
      samples={drift.current}
      facts={{ 'Compared with': `${drift.against.text}, ${drift.reference} rows`, p: measure(drift.p, 2) }}
    >
      {percent(drift.distance)}, p {measure(drift.p, 2)}
    </Explained>
  )
}

/** rows of the list */
const most = 20

function ImportanceBars({ found }: { found: GlobalImportance }) {
  const [feature, setFeature] = useQueryState('feature')
  const [, setTab] = useQueryState('tab', 'importance')
  const shown = found.features.slice(0, most)
  const drift = found.drift && 'features' in found.drift ? found.drift : undefined
  const names = found.features.map((one) => one.feature)
  const referenceOf = (name: string) => drift?.features[definitionOrder(found, name)]?.reference
  const widest = Math.max(...shown.map(({ high }) => high), ...names.map((name) => referenceOf(name) ?? 0), 1e-12)
  const at = (value: number) => `${(value / widest) * 100}%`
  return (
    <>
      <section className={classes.bars} aria-label="Importance">
        {shown.map(({ feature: name, value, low, high, mean, share }) => {
          const reference = referenceOf(name)
          return (
            <Explained
              key={name}
              plain
              definition={`${name}: mean |attribution| over the explained predictions of the window, days weighed by their predictions.`}
              samples={found.samples}
              interval={[low, high]}
              facts={{
                'Share of all': percent(share),
                'Mean attribution': measure(mean, 3),
                [drift?.against.text ?? 'Reference']: reference === undefined ? null : measure(reference, 3),
                Definition: found.definition!.estimate,
              }}
            >
              <button
                type="button"
                className={classes.bar}
                aria-pressed={feature === name}
                style={{ width: '100%' }}
                onClick={() => {
                  setFeature(name)
                  setTab('dependence')
                }}
              >
                <span className="clip">{name}</span>
                <span className={classes.track}>
                  <span className={classes.fill} style={{ width: at(value) }} />
                  <span className={classes.whisker} style={{ left: at(low), width: at(high - low) }} />
                  {reference !== undefined && <span className={classes.reference} style={{ left: at(reference) }} />}
                </span>
                <span className="number">{measure(value, 3)}</span>
              </button>
            </Explained>
          )
        })}
      </section>
      <div className={classes.key}>
        <span>
          <i />
          with its 95 % interval
        </span>
        {drift && (
          <span>
            <i data-reference="" />
            {drift.against.text}
          </span>
        )}
        {found.features.length > most && (
          <span>
            the first {most} of {found.features.length}
          </span>
        )}
      </div>
    </>
  )
}

/** Place of a feature in the model's own order, in which drifts are told. */
const definitionOrder = (found: GlobalImportance, name: string) => found.order.indexOf(name)
