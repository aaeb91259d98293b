import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { correctionsQuery, discardsQuery, withdrawCorrection, withdrawDiscard } from '../../../api/quarantine.ts'
import { Panel } from '../../../components/panel.tsx'
import { type Column, Table } from '../../../components/table.tsx'
import { Time } from '../../../components/time.tsx'
import { showToast } from '../../../components/toasts.tsx'
import { count } from '../../../format/number.ts'
import { useProject } from '../../../shell/project-context.tsx'

interface Decision {
  key: string
  what: string
  detail: string
  version: number
  actor: string
  createdAt: number
  withdraw(): Promise<unknown>
}

const shown = 50

/** What people have decided about rows of this dataset, newest first, to take back. */
export function Decisions({ dataset }: { dataset: string }) {
  const project = useProject()
  const client = useQueryClient()
  const discards = useQuery(discardsQuery(project, dataset))
  const corrections = useQuery(correctionsQuery(project, dataset))
  const back = useMutation({
    mutationFn: (decision: Decision) => decision.withdraw(),
    onSuccess: () => client.invalidateQueries({ queryKey: [project, 'data'] }),
    onError: (error) => showToast({ text: error.message, tone: 'bad' }),
  })
  const decisions: Decision[] = [
    ...(discards.data?.items ?? []).map((one) => ({
      ...one,
      key: `d${one.id}`,
      what: `discarded ${one.rows === 1 ? 'a row' : `${count(one.rows)} rows`}`,
      detail: `${one.why} (${one.reason ?? told(one.original ?? {})})`,
      withdraw: () => withdrawDiscard(project, dataset, one.id),
    })),
    ...(corrections.data?.items ?? []).map((one) => ({
      ...one,
      key: `c${one.id}`,
      what: 'corrected a row',
      detail: Object.entries(one.corrected)
        .map(([column, value]) => `${column}: ${one.original[column] ?? 'null'} → ${value ?? 'null'}`)
        .join(', '),
      withdraw: () => withdrawCorrection(project, dataset, one.id),
    })),
  ].sort((a, b) => b.createdAt - a.createdAt)
  if (decisions.length === 0) return null
  const columns: Column<Decision>[] = [
    { key: 'what', head: 'Decided', cell: (one) => <b>{one.what}</b> },
    { key: 'detail', head: 'Why and what', cell: (one) => one.detail },
    { key: 'version', head: 'Of version', right: true, cell: (one) => one.version },
    { key: 'actor', head: 'By', cell: (one) => <span className="muted">{one.actor}</span> },
    { key: 'when', head: 'When', cell: (one) => <Time at={one.createdAt} /> },
    {
      key: 'back',
      head: '',
      right: true,
      cell: (one) => (
        <Button variant="default" size="compact-xs" onClick={() => back.mutate(one)}>
          Take back
        </Button>
      ),
    },
  ]
  return (
    <Panel title="Decisions" note={`${count(decisions.length)}, newest first`} flush>
      <Table rows={decisions.slice(0, shown)} columns={columns} rowKey={(one) => one.key} />
    </Panel>
  )
}

const told = (row: Record<string, string | null>) =>
  Object.entries(row)
    .slice(0, 3)
    .map(([name, value]) => `${name} = ${value ?? 'null'}`)
    .join(', ')
