import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { checkExpectationsQuery, dataKindsQuery, suggestionsQuery } from '../../../api/data.ts'
import type { DatasetVersionSummary } from '../../../api/types.ts'
import { Choice } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Icon } from '../../../components/icon.tsx'
import { Load } from '../../../components/load.tsx'
import { Columns, Panel } from '../../../components/panel.tsx'
import { StateBadge } from '../../../components/state-badge.tsx'
import { Verdict } from '../../../components/verdict.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import { Field } from '../form/field.tsx'
import type { JsonSchema } from '../form/json-schema.ts'
import { type Mistakes, wrongPlaces } from '../form/wrong-places.ts'
import { AddKind } from './add-kind.tsx'
import classes from './curate.module.css'
import { type DatasetDraft, type Keyed, partsOf, summary } from './draft.ts'
import { DraftBar } from './draft-bar.tsx'

/** What is expected of every version, tried on one that is there; and what its data speaks for, to accept with a click. */
export function ExpectationEditor({
  dataset,
  draft,
  version,
}: {
  dataset: string
  draft: DatasetDraft
  /** on which they are tried */
  version: DatasetVersionSummary | null
}) {
  const project = useProject()
  const kinds = useQuery(dataKindsQuery())
  const [chosen, setChosen] = useState<number>()
  const { expectations } = draft
  const results = useQuery({
    ...checkExpectationsQuery(project, dataset, version?.version ?? 0, expectations),
    enabled: version !== null && expectations.length > 0,
    placeholderData: keepPreviousData,
  })
  const failed = results.error as Mistakes | null
  const set = (i: number, next: Keyed) => draft.setExpectations(expectations.map((one, at) => (at === i ? next : one)))
  const add = (keyed: Keyed, open: boolean) => {
    draft.setExpectations([...expectations, keyed])
    if (open) setChosen(expectations.length)
  }
  const columns = version?.schema.map(({ name }) => name) ?? []
  return (
    <>
      <DraftBar dataset={dataset} draft={draft} />
      <Columns wide>
        <Panel
          title="Expected of every version"
          note={version ? `tried on version ${version.version}` : 'tried as soon as there is a version'}
          actions={
            kinds.data && (
              <AddKind label="Add an expectation" kinds={kinds.data.expectations} onAdd={(keyed) => add(keyed, true)} />
            )
          }
        >
          {expectations.length === 0 && (
            <Empty title="Nothing is expected yet" compact>
              A version that does not meet an expectation is not published, and the alert names the owner. Accept a
              suggestion, or add one.
            </Empty>
          )}
          <ul className={classes.expectations}>
            {expectations.map((keyed, i) => {
              const { kind, config } = partsOf(keyed)
              const result = results.isPlaceholderData || failed ? undefined : results.data?.items[i]
              const definition = kinds.data?.expectations.find((one) => one.kind === kind)
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: an expectation is its place in the list
                <li key={i} data-open={chosen === i || undefined}>
                  <div className={classes.expectation}>
                    <button
                      type="button"
                      className={classes.choose}
                      aria-expanded={chosen === i}
                      onClick={() => setChosen(chosen === i ? undefined : i)}
                    >
                      <span className={classes.name}>
                        <b>{kind.replaceAll('_', ' ')}</b> <span className="muted clip">{summary(config)}</span>
                      </span>
                      {result && (
                        <span className={classes.result}>
                          <StateBadge state={result.ok ? 'ok' : 'failed'} text={result.ok ? 'met' : 'not met'} />{' '}
                          <span className="muted">{result.message}</span>
                        </span>
                      )}
                    </button>
                    <Choice
                      label={`Severity of ${kind}`}
                      value={keyed.severity === 'warn' ? 'warn' : 'error'}
                      options={[
                        { value: 'error', text: 'stops', title: 'a version that fails is not published' },
                        { value: 'warn', text: 'warns', title: 'a version that fails is published all the same' },
                      ]}
                      onChange={(severity) => {
                        const { severity: _, ...bare } = keyed
                        set(i, severity === 'warn' ? { ...bare, severity } : bare)
                      }}
                    />
                    <span className={classes.tools}>
                      <button
                        type="button"
                        aria-label={`Remove ${kind}`}
                        onClick={() => {
                          draft.setExpectations(expectations.filter((_, at) => at !== i))
                          setChosen(undefined)
                        }}
                      >
                        <Icon name="close" size={12} />
                      </button>
                    </span>
                  </div>
                  {chosen === i && definition && (
                    <div className={classes.form}>
                      <div className="muted">{definition.title}</div>
                      <Field
                        name=""
                        place=""
                        schema={definition.schema as JsonSchema}
                        value={config}
                        required
                        onChange={(next) => set(i, { ...keyed, [kind]: next ?? '' })}
                        context={{
                          root: definition.schema as JsonSchema,
                          columns,
                          wrong: wrongPlaces(failed, `expect.${i}.${kind}`),
                          secretPrefix: kind,
                        }}
                      />
                    </div>
                  )}
                </li>
              )
            })}
          </ul>
          {failed && <Verdict role="alert">{failed.message}</Verdict>}
        </Panel>
        {version && (
          <Suggestions
            dataset={dataset}
            version={version.version}
            taken={expectations}
            onAccept={(one) => add(one, false)}
            onAll={(all) => draft.setExpectations([...expectations, ...all])}
          />
        )}
      </Columns>
    </>
  )
}

function Suggestions({
  dataset,
  version,
  taken,
  onAccept,
  onAll,
}: {
  dataset: string
  version: number
  taken: Keyed[]
  onAccept(keyed: Keyed): void
  onAll(all: Keyed[]): void
}) {
  const project = useProject()
  const suggestions = useQuery(suggestionsQuery(project, dataset, version))
  const known = new Set(taken.map((one) => nameOf(one)))
  return (
    <Load query={suggestions}>
      {({ items }) => {
        const left = items.filter(({ expectation }) => !known.has(nameOf(expectation)))
        return (
          <Panel
            title="Suggested from the data"
            note={`what version ${version} speaks for`}
            actions={
              left.length > 1 && (
                <Button variant="default" onClick={() => onAll(left.map(({ expectation }) => expectation))}>
                  Accept all {left.length}
                </Button>
              )
            }
          >
            {left.length === 0 && <Empty title="Nothing more to suggest" compact />}
            <ul className={classes.expectations}>
              {left.map(({ expectation, why }) => {
                const { kind, config } = partsOf(expectation)
                return (
                  <li key={nameOf(expectation)} className={classes.suggestion}>
                    <span className={classes.name}>
                      <b>{kind.replaceAll('_', ' ')}</b> <span className="muted clip">{summary(config)}</span>
                      <span className={classes.why}>
                        {why}
                        {expectation.severity === 'warn' && ' · only warns'}
                      </span>
                    </span>
                    <Button
                      variant="default"
                      aria-label={`Accept ${nameOf(expectation)}`}
                      onClick={() => onAccept(expectation)}
                    >
                      Accept
                    </Button>
                  </li>
                )
              })}
            </ul>
          </Panel>
        )
      }}
    </Load>
  )
}

/** The same kind for the same column is the same expectation, whatever its bounds are. */
function nameOf(keyed: Keyed): string {
  const { kind, config } = partsOf(keyed)
  const { column } = (config ?? {}) as { column?: string }
  return column ? `${kind} ${column}` : kind
}
