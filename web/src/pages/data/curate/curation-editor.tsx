import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { stringify } from 'yaml'
import { curationPreviewQuery, dataKindsQuery } from '../../../api/data.ts'
import type { DataKinds } from '../../../api/types.ts'
import { Select } from '../../../components/choice.tsx'
import { Snippet } from '../../../components/copy.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Load } from '../../../components/load.tsx'
import { Panel } from '../../../components/panel.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { Verdict } from '../../../components/verdict.tsx'
import { count } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import type { Mistakes } from '../form/wrong-places.ts'
import { RowsTable } from '../rows-table.tsx'
import { AddKind } from './add-kind.tsx'
import classes from './curate.module.css'
import type { DatasetDraft, Keyed } from './draft.ts'
import { DraftBar } from './draft-bar.tsx'
import { StepCard } from './step-card.tsx'
import { StepDetail } from './step-detail.tsx'

const pause = 350
const samples = ['1000', '10000', '100000', '1000000']

/** The steps of a dataset as a list, each with what it does to the first rows of the source. */
export function CurationEditor({ dataset, draft }: { dataset: string; draft: DatasetDraft }) {
  const kinds = useQuery(dataKindsQuery())
  return (
    <>
      <DraftBar dataset={dataset} draft={draft} />
      <Load query={kinds}>
        {({ operations }) => <Editor dataset={dataset} draft={draft} operations={operations} />}
      </Load>
    </>
  )
}

function Editor({
  dataset,
  draft,
  operations,
}: {
  dataset: string
  draft: DatasetDraft
  operations: DataKinds['operations']
}) {
  const project = useProject()
  const [column, setColumn] = useQueryState('column')
  const [rows, setRows] = useQueryState('sample', '10000')
  const [chosen, setChosen] = useState(0)
  const [show, setShow] = useQueryState('show', 'rows')
  const { steps } = draft
  const settled = useSettled(JSON.stringify(draft.spec), pause)
  const spec = JSON.parse(settled) as Record<string, unknown>
  const preview = useQuery({
    ...curationPreviewQuery(project, spec, column, Number(rows)),
    placeholderData: keepPreviousData,
  })
  const answer = preview.data
  /** of the list as it is shown: a step that was added a moment ago has no numbers yet */
  const fresh = answer && !preview.isPlaceholderData && !preview.error && settled === JSON.stringify(draft.spec)
  const failed = preview.error as Mistakes | null
  const wrongStep = failed
    ? Number(/curate(?:\[|\.)(\d+)/.exec(failed.places?.[0]?.where ?? failed.message)?.[1] ?? -1)
    : -1
  const flow = (i: number) => (answer?.steps[i + 1]?.operation === kindOf(steps[i]) ? answer?.steps[i + 1] : undefined)
  const columnsBefore = (i: number) => (answer?.steps[i] ?? answer?.steps.at(-1))?.columns ?? answer?.columns ?? []
  const all = [
    ...new Set([
      ...(answer?.steps ?? []).flatMap((one) => one.columns.map(({ name }) => name)),
      ...(column ? [column] : []),
    ]),
  ]

  const change = (next: Keyed[], at = chosen) => {
    draft.setSteps(next)
    setChosen(Math.max(0, Math.min(at, next.length - 1)))
  }
  const move = (from: number, to: number) => {
    if (to < 0 || to >= steps.length) return
    const next = [...steps]
    next.splice(to, 0, ...next.splice(from, 1))
    change(next, to)
  }
  const step = steps[chosen]
  return (
    <>
      <div className={classes.options}>
        <Select
          label="Distribution of"
          value={column}
          onChange={setColumn}
          options={[{ value: '', text: 'no column' }, ...all.map((name) => ({ value: name, text: name }))]}
        />
        <Select
          label="Tried on the first"
          value={rows}
          onChange={setRows}
          options={samples.map((one) => ({ value: one, text: `${count(Number(one))} rows` }))}
        />
        <span className="muted" role="status">
          {[
            answer &&
              (answer.sampled < Number(rows)
                ? `all ${count(answer.sampled)} rows of the source`
                : `a sample of ${count(answer.sampled)} rows; the source has more`),
            preview.isFetching && 'trying …',
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <div className={classes.editor}>
        <div>
          <ol className={classes.steps} aria-label="Steps">
            <StepCard
              title="read"
              text={`from ${String(spec.from ?? '')}`}
              flow={answer?.steps[0]}
              stale={!fresh}
              chosen={false}
            />
            {steps.map((one, i) => (
              <StepCard
                // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place in the list
                key={i}
                keyed={one}
                flow={flow(i)}
                stale={!fresh}
                wrong={wrongStep === i}
                chosen={i === chosen}
                onChoose={() => setChosen(i)}
                onMove={(by) => move(i, i + by)}
                onRemove={() =>
                  change(
                    steps.filter((_, at) => at !== i),
                    i,
                  )
                }
                first={i === 0}
                last={i === steps.length - 1}
              />
            ))}
          </ol>
          <AddKind
            label="Add a step"
            kinds={operations}
            onAdd={(keyed) => {
              const at = steps.length === 0 ? 0 : chosen + 1
              change([...steps.slice(0, at), keyed, ...steps.slice(at)], at)
            }}
          />
        </div>
        <div>
          {step ? (
            <StepDetail
              key={`${chosen} ${kindOf(step)}`}
              place={chosen}
              keyed={step}
              kind={operations.find(({ kind }) => kind === kindOf(step))}
              columns={columnsBefore(chosen).map(({ name }) => name)}
              flow={flow(chosen)}
              failed={wrongStep === chosen ? failed : null}
              onChange={(next) => draft.setSteps(steps.map((one, i) => (i === chosen ? next : one)))}
            />
          ) : (
            <Panel>
              <Empty title="No step" compact>
                The rows are kept as the source gives them. Add a step to clean them.
              </Empty>
            </Panel>
          )}
          {failed && wrongStep === -1 && <Verdict role="alert">{failed.message}</Verdict>}
        </div>
      </div>
      <Panel
        flush={show === 'rows' || show === 'quarantine'}
        title={
          <span className={classes.choices}>
            {[
              ['rows', 'Rows after the last step'],
              [
                'quarantine',
                `Quarantined${answer ? ` (${count(answer.quarantine.length)}${answer.quarantine.length === 50 ? '+' : ''})` : ''}`,
              ],
              ['yaml', 'kedge.yaml'],
              ['sql', 'SQL'],
            ].map(([value, text]) => (
              <button key={value} type="button" aria-pressed={show === value} onClick={() => setShow(value!)}>
                {text}
              </button>
            ))}
          </span>
        }
      >
        {show === 'yaml' ? (
          <Snippet text={stringify({ datasets: { [dataset]: draft.spec } })} label="Copy the declaration" />
        ) : show === 'sql' ? (
          <Snippet text={answer?.sql ?? ''} label="Copy the SQL" />
        ) : (
          answer &&
          (show === 'quarantine' ? (
            <RowsTable
              head="Quarantined"
              rows={{
                columns: [
                  { name: 'row', type: 'int' },
                  { name: 'step', type: 'int' },
                  { name: 'operation', type: 'text' },
                  { name: 'reason', type: 'text' },
                  { name: 'value', type: 'text' },
                ],
                rows: answer.quarantine.map((one) => [one.row, one.step, one.operation, one.reason, one.value]),
                total: null,
              }}
            />
          ) : (
            <RowsTable
              head="Rows after the last step"
              rows={{ columns: answer.columns, rows: answer.rows, total: null }}
            />
          ))
        )}
      </Panel>
    </>
  )
}

const kindOf = (keyed: Keyed | undefined) => Object.keys(keyed ?? {}).find((key) => key !== 'severity') ?? ''

/** A text when nobody has changed it for a moment. */
function useSettled(text: string, milliseconds: number): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), milliseconds)
    return () => clearTimeout(timer)
  }, [text, milliseconds])
  return settled
}
