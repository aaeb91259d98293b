import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { type RowsQuestion, rowsBehindQuery } from '../../api/monitoring-views.ts'
import type { PredictionRow } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Load } from '../../components/load.tsx'
import { Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { measure } from '../../format/number.ts'
import { date, dateTime } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'

const page = 25
/** of the other features so many are shown beside the one in question */
const mostFeatures = 8

/** The recorded predictions that a bar counts, page by page, newest first. */
export function RowsBehind({
  endpoint,
  title,
  question,
  onClose,
}: {
  endpoint: string
  title: string
  question: Omit<RowsQuestion, 'limit' | 'offset'>
  onClose(): void
}) {
  const project = useProject()
  const to = useProjectPath()
  const [offset, setOffset] = useState(0)
  const rows = useQuery(rowsBehindQuery(project, endpoint, { ...question, limit: page + 1, offset }))
  const more = (rows.data?.items.length ?? 0) > page
  return (
    <Panel
      title={`Rows behind ${title}`}
      note="recorded predictions, newest first"
      flush
      actions={
        <>
          <Button variant="default" disabled={offset === 0} onClick={() => setOffset(offset - page)}>
            Newer
          </Button>
          <Button variant="default" disabled={!more} onClick={() => setOffset(offset + page)}>
            Older
          </Button>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <Load query={rows}>
        {({ items, rawFrom }) =>
          items.length === 0 ? (
            <Empty title="No row is kept" compact>
              {rawFrom === null
                ? 'The bar counts none in this window.'
                : `Retention has taken the rows before ${date(rawFrom)}; their profile stays.`}
            </Empty>
          ) : (
            <Table
              rows={items.slice(0, page)}
              columns={columns(
                items,
                question.feature,
                (id) => `${to('endpoints', endpoint, 'explanations')}?tab=prediction&id=${encodeURIComponent(id)}`,
              )}
              rowKey={(row) => `${row.id} ${row.revision}`}
            />
          )
        }
      </Load>
    </Panel>
  )
}

const columns = (
  items: PredictionRow[],
  feature: string | undefined,
  explainedAt: (id: string) => string,
): Column<PredictionRow>[] => {
  const all = [...new Set(items.flatMap(({ features }) => Object.keys(features)))]
  // where it is missing no row has it, and that is what is to be seen
  const own = feature === undefined || feature.startsWith('$') ? [] : [feature]
  const shown = [...own, ...all.filter((name) => name !== feature)].slice(0, mostFeatures)
  return [
    { key: 'id', head: 'Id', cell: (row) => <Link href={explainedAt(row.id)}>{row.id}</Link> },
    { key: 'time', head: 'Event time', cell: (row) => <span className="number">{dateTime(row.time)}</span> },
    ...shown.map((name) => ({
      key: `feature ${name}`,
      head: name === feature ? <b>{name}</b> : name,
      cell: (row: PredictionRow) => {
        const value = row.features[name]
        return typeof value === 'number' ? measure(value) : (value ?? <span className="muted">missing</span>)
      },
    })),
    { key: 'score', head: 'Score', right: true, cell: (row) => measure(row.score, 3) },
    { key: 'label', head: 'Label', cell: (row) => row.label },
    {
      key: 'actual',
      head: 'Actual',
      cell: (row) =>
        row.actualLabel ?? (row.actual === null ? <span className="muted">not yet</span> : measure(row.actual)),
    },
  ]
}
