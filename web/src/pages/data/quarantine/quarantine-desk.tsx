import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { correctRows, discardRows, quarantineQuery } from '../../../api/quarantine.ts'
import type { DatasetVersionSummary } from '../../../api/types.ts'
import { Choice, Select } from '../../../components/choice.tsx'
import { Empty } from '../../../components/empty.tsx'
import { Failure } from '../../../components/failure.tsx'
import { Load } from '../../../components/load.tsx'
import { Paging } from '../../../components/paging.tsx'
import { Panel } from '../../../components/panel.tsx'
import { ReasonDialog } from '../../../components/reason-dialog.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { useQueryState } from '../../../components/use-query-state.ts'
import { count } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'
import { MakingVersion } from '../making-version.tsx'
import { NothingQuarantined } from '../nothing-quarantined.tsx'
import { BulkValue } from './bulk-value.tsx'
import { Decisions } from './decisions.tsx'
import classes from './quarantine.module.css'
import { QuarantinedRows } from './quarantined-rows.tsx'
import { ReasonList } from './reason-list.tsx'

const pageSize = 100

/** Row → column → what it is corrected to. */
export type Edits = ReadonlyMap<number, Record<string, string | null>>

/** Rows that were put aside: why, at which step, as they came; to correct and replay, or to discard with a reason. */
export function QuarantineDesk({ dataset, versions }: { dataset: string; versions: DatasetVersionSummary[] }) {
  const project = useProject()
  const client = useQueryClient()
  const newest = String(versions[0]?.version ?? '')
  // a version that is made meanwhile, of the corrections too, does not take these rows away
  const [opened] = useState(newest)
  const [number, setNumber] = useQueryState('version', opened || newest)
  const [state, setState] = useQueryState('state', 'open')
  const [reason, setReason] = useQueryState('reason')
  const [step, setStep] = useQueryState('step')
  const [from, setFrom] = useQueryState('from', '0')
  const [edits, setEdits] = useState<Edits>(new Map())
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const version = Number(number)
  const offset = Math.max(0, Number(from) || 0)
  const filtered = step !== ''
  const page = useQuery({
    ...quarantineQuery(project, dataset, {
      version,
      offset,
      limit: pageSize,
      ...(state === 'all' ? {} : { state }),
      ...(filtered ? { step: Number(step), reason } : {}),
    }),
    enabled: versions.length > 0,
  })
  const begin = () => {
    setEdits(new Map())
    setSelected(new Set())
    setFrom('0')
  }
  const refetch = () => client.invalidateQueries({ queryKey: [project, 'data'] })
  const correct = useMutation({
    mutationFn: () =>
      correctRows(
        project,
        dataset,
        version,
        [...edits].map(([row, values]) => ({ row, values })),
      ),
    onSuccess: async () => {
      setEdits(new Map())
      setSelected(new Set())
      await refetch()
    },
  })
  const discard = async (which: { rows: number[] } | { step: number; reason: string }, why: string) => {
    const { rows } = await discardRows(project, dataset, version, { ...which, why })
    begin()
    showToast({ text: `${count(rows)} rows are discarded; below they can be taken back` })
    await refetch()
  }
  if (versions.length === 0)
    return (
      <Panel>
        <Empty title="No version yet" compact>
          Rows are put aside while a version is made; make one above.
        </Empty>
      </Panel>
    )
  return (
    <>
      <div className={classes.filters}>
        <Select
          label="Version"
          value={number}
          onChange={(next) => {
            begin()
            setStep('')
            setReason('')
            setNumber(next)
          }}
          options={versions.map((one) => ({
            value: String(one.version),
            text: `${one.version}: ${count(one.counts.quarantined)} quarantined`,
          }))}
        />
        <Choice
          label="What became of the rows"
          value={state}
          onChange={(next) => {
            begin()
            setState(next)
          }}
          options={[
            { value: 'open', text: `Open ${count(page.data?.counts.open)}` },
            { value: 'corrected', text: `Corrected ${count(page.data?.counts.corrected)}` },
            { value: 'discarded', text: `Discarded ${count(page.data?.counts.discarded)}` },
            { value: 'all', text: 'All' },
          ]}
        />
      </div>
      {correct.data && <MakingVersion key={correct.data.jobId} dataset={dataset} jobId={correct.data.jobId} />}
      <Load query={page}>
        {(answer) => {
          if (answer.reasons.length === 0) return <NothingQuarantined />
          const open = answer.items.filter((one) => one.state === 'open')
          return (
            <>
              <ReasonList
                reasons={answer.reasons}
                step={step}
                reason={reason}
                onChoose={(next) => {
                  begin()
                  setStep(next ? String(next.step) : '')
                  setReason(next?.reason ?? '')
                }}
              />
              <Panel
                flush
                title="Rows"
                note={
                  answer.total === 0
                    ? 'none is so'
                    : `${count(offset + 1)} – ${count(Math.min(offset + pageSize, answer.total))} of ${count(answer.total)}, as the source gave them; a cell is corrected where it stands`
                }
                actions={
                  <>
                    {selected.size > 0 && (
                      <>
                        <BulkValue
                          rows={selected.size}
                          columns={answer.columns}
                          onSet={(column, value) => {
                            const next = new Map(edits)
                            for (const row of selected) next.set(row, { ...next.get(row), [column]: value })
                            setEdits(next)
                          }}
                        />
                        <ReasonDialog
                          title={`Discard ${count(selected.size)} rows`}
                          text="They stay aside for good, also when the source gives them again. They can be taken back."
                          button="Discard"
                          onReason={(why) => discard({ rows: [...selected] }, why)}
                          trigger={(show) => (
                            <Button variant="default" onClick={show}>
                              Discard {count(selected.size)} …
                            </Button>
                          )}
                        />
                      </>
                    )}
                    {filtered && selected.size === 0 && state === 'open' && answer.total > 0 && (
                      <ReasonDialog
                        title={`Discard all ${count(answer.total)} rows of this reason`}
                        text={`In version ${version}: ${reason}. They can be taken back.`}
                        button="Discard all"
                        onReason={(why) => discard({ step: Number(step), reason }, why)}
                        trigger={(show) => (
                          <Button variant="default" onClick={show}>
                            Discard all {count(answer.total)} …
                          </Button>
                        )}
                      />
                    )}
                    {edits.size > 0 && (
                      <>
                        <Button variant="default" onClick={() => setEdits(new Map())}>
                          Undo the edits
                        </Button>
                        <Button loading={correct.isPending} onClick={() => correct.mutate()}>
                          Correct {count(edits.size)} and replay
                        </Button>
                      </>
                    )}
                    <Paging
                      offset={offset}
                      size={pageSize}
                      total={answer.total}
                      onGo={(next) => setFrom(String(next))}
                    />
                  </>
                }
              >
                {correct.error && <Failure error={correct.error} />}
                {answer.items.length === 0 ? (
                  <Empty title="No such row" compact />
                ) : (
                  <QuarantinedRows
                    columns={answer.columns}
                    items={answer.items}
                    edits={edits}
                    selected={selected}
                    onSelect={(rows, on) => {
                      const next = new Set(selected)
                      for (const row of rows) {
                        if (on) next.add(row)
                        else next.delete(row)
                      }
                      setSelected(next)
                    }}
                    selectable={open.map(({ row }) => row)}
                    onEdit={(row, column, value) => {
                      const original = answer.items.find((one) => one.row === row)?.values[
                        answer.columns.indexOf(column)
                      ]
                      const { [column]: _, ...others } = edits.get(row) ?? {}
                      const values = value === original ? others : { ...others, [column]: value }
                      const next = new Map(edits)
                      if (Object.keys(values).length === 0) next.delete(row)
                      else next.set(row, values)
                      setEdits(next)
                    }}
                  />
                )}
              </Panel>
            </>
          )
        }}
      </Load>
      <Decisions dataset={dataset} />
    </>
  )
}
