import type { Dataset, DatasetVersionSummary } from '../../api/types.ts'
import { Empty } from '../../components/empty.tsx'
import { Facts } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'

interface Promised {
  type: string
  meaning?: string
  required?: boolean
  unique?: boolean
}

interface Contract {
  owner: string
  description?: string
  freshness?: string
  exact?: boolean
  columns?: Record<string, Promised>
}

interface Row {
  name: string
  type: string | undefined
  promised: Promised | undefined
  /** the version in which it came, and those whose type was another */
  since: number
  before: string | undefined
}

/** The columns with what the contract promises of them and since when they are there. */
export function SchemaView({ dataset, versions }: { dataset: Dataset; versions: DatasetVersionSummary[] }) {
  const contract = dataset.spec.contract as Contract | undefined
  const newest = dataset.latest ?? versions[0]
  const rows: Row[] = (newest?.schema ?? []).map(({ name, type }) => {
    const history = versions.flatMap((version) => {
      const found = version.schema.find((column) => column.name === name)
      return found ? [{ version: version.version, type: found.type }] : []
    })
    return {
      name,
      type,
      promised: contract?.columns?.[name],
      since: Math.min(...history.map(({ version }) => version)),
      before: history.find((one) => one.type !== type && one.version < newest!.version)?.type,
    }
  })
  const missing = Object.entries(contract?.columns ?? {})
    .filter(([name]) => !rows.some((row) => row.name === name))
    .map(([name, promised]): Row => ({ name, type: undefined, promised, since: 0, before: undefined }))
  return (
    <>
      {contract ? (
        <Panel
          title="Contract"
          note="what is promised to those who read it; a breaking change is shown before it is applied"
        >
          <Facts
            items={{
              Owner: contract.owner,
              'A row is': contract.description ?? null,
              'Newest row at most': contract.freshness ? `${contract.freshness} old` : null,
              'Other columns': contract.exact ? 'none' : 'may be there',
            }}
          />
        </Panel>
      ) : (
        <Panel>
          <Empty title="No contract" compact>
            Under <code>contract:</code> of the dataset in kedge.yaml stand its owner, what a row is, the meaning of
            columns and how fresh it is; who changes these then sees who is affected.
          </Empty>
        </Panel>
      )}
      <Panel flush title="Columns" note={newest && `of version ${newest.version}`}>
        {rows.length + missing.length === 0 ? (
          <Empty title="No version yet" compact />
        ) : (
          <Table rows={[...missing, ...rows]} columns={columns} rowKey={(row) => row.name} />
        )}
      </Panel>
    </>
  )
}

const columns: Column<Row>[] = [
  { key: 'name', head: 'Column', cell: (row) => <b>{row.name}</b> },
  {
    key: 'type',
    head: 'Type',
    cell: (row) =>
      row.type === undefined ? (
        <StateBadge state="failed" text="not there" />
      ) : (
        <>
          {row.type}
          {row.promised && row.promised.type !== row.type && (
            <>
              {' '}
              <StateBadge state="failed" text={`promised ${row.promised.type}`} />
            </>
          )}
        </>
      ),
  },
  { key: 'meaning', head: 'Meaning', cell: (row) => row.promised?.meaning ?? <span className="muted">–</span> },
  {
    key: 'promise',
    head: 'Promised',
    cell: (row) =>
      row.promised ? (
        ['there', row.promised.required && 'never missing', row.promised.unique && 'unique'].filter(Boolean).join(', ')
      ) : (
        <span className="muted">nothing</span>
      ),
  },
  {
    key: 'since',
    head: 'Since version',
    right: true,
    cell: (row) => (row.since ? `${row.since}${row.before ? `, once ${row.before}` : ''}` : '–'),
  },
]
