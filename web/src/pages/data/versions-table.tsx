import { useQuery } from '@tanstack/react-query'
import { datasetTagsQuery } from '../../api/data.ts'
import type { DatasetVersionSummary } from '../../api/types.ts'
import { Digest } from '../../components/copy.tsx'
import { Explained } from '../../components/explained.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { Time } from '../../components/time.tsx'
import { bytes, count } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { TagsCell } from './tags-cell.tsx'

/** The versions of a dataset, newest first, with their names. */
export function VersionsTable({ dataset, versions }: { dataset: string; versions: DatasetVersionSummary[] }) {
  const project = useProject()
  const to = useProjectPath()
  const tags = useQuery(datasetTagsQuery(project, dataset))
  const of = (version: number) =>
    (tags.data?.items ?? []).filter((one) => one.version === version).map(({ tag }) => tag)
  return (
    <Table
      rows={versions}
      columns={[
        ...columns,
        { key: 'tags', head: 'Tags', cell: (one) => <TagsCell version={one} tags={of(one.version)} /> },
      ]}
      rowKey={(one) => one.version}
      href={(one) => to('data', dataset, one.version)}
    />
  )
}

const columns: Column<DatasetVersionSummary>[] = [
  { key: 'version', head: 'Version', cell: (one) => <b>{one.version}</b> },
  {
    key: 'state',
    head: 'State',
    cell: (one) => (
      <StateBadge
        state={one.state}
        hint={one.expectations
          .filter(({ ok }) => !ok)
          .map(({ message }) => message)
          .join('; ')}
      />
    ),
  },
  { key: 'window', head: 'Window', cell: (one) => <span className="number">{eventWindow(one.window)}</span> },
  {
    key: 'rows',
    head: 'Rows',
    right: true,
    cell: (one) => (
      <Explained
        definition="Rows in the version: those read, less quarantined and removed ones."
        facts={{
          Read: count(one.counts.read),
          Quarantined: count(one.counts.quarantined),
          Removed: count(one.counts.removed),
          Kept: count(one.counts.kept),
        }}
      >
        {count(one.rowCount)}
      </Explained>
    ),
  },
  { key: 'quarantined', head: 'Quarantined', right: true, cell: (one) => count(one.counts.quarantined) },
  { key: 'bytes', head: 'Size', right: true, cell: (one) => bytes(one.bytes) },
  { key: 'digest', head: 'Digest', cell: (one) => <Digest value={one.digest} /> },
  {
    key: 'created',
    head: 'Made',
    cell: (one) => (
      <>
        <Time at={one.createdAt} />
        <div className="muted">{one.actor}</div>
      </>
    ),
  },
]
