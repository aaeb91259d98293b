import { useQuery } from '@tanstack/react-query'
import { datasetRowsQuery } from '../../api/data.ts'
import type { DatasetVersionSummary } from '../../api/types.ts'
import { FilterField } from '../../components/filter-field.tsx'
import { Load } from '../../components/load.tsx'
import { Paging } from '../../components/paging.tsx'
import { Panel } from '../../components/panel.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, percent } from '../../format/number.ts'
import { useProject } from '../../shell/project-context.tsx'
import { RowsTable } from './rows-table.tsx'

const pageSize = 200

/** The rows of a version, or those in its quarantine, a page at a time. */
export function VersionRows({
  version,
  part,
  total,
}: {
  version: DatasetVersionSummary
  part: 'rows' | 'quarantine'
  total: number
}) {
  const project = useProject()
  const [from, setFrom] = useQueryState('from', '0')
  const offset = Math.max(0, Number(from) || 0)
  const [where, setWhere] = useQueryState('where')
  const rows = useQuery(datasetRowsQuery(project, version.dataset, version.version, part, offset, pageSize, where))
  const all = where ? (rows.data?.total ?? 0) : total
  const filter = (text: string) => {
    setFrom('0')
    setWhere(text)
  }
  return (
    <Panel
      flush
      title={part === 'rows' ? 'Rows' : 'Quarantined rows'}
      filter={
        part === 'rows' && (
          <FilterField value={where} onChange={filter} placeholder="Only rows where, for example delay > 15" />
        )
      }
      note={
        all === 0
          ? where && rows.data && 'no row is so'
          : `${count(offset + 1)} – ${count(Math.min(offset + pageSize, all))} of ${count(all)}${where ? ` (${percent(all / Math.max(1, total))} of all)` : ''}`
      }
      actions={<Paging offset={offset} size={pageSize} total={all} onGo={(next) => setFrom(String(next))} />}
    >
      <Load query={rows}>{(answer) => <RowsTable rows={answer} first={offset} />}</Load>
    </Panel>
  )
}
