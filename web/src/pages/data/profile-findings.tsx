import { Link } from 'wouter'
import type { DatasetVersion } from '../../api/types.ts'
import { CategoryBars } from '../../charts/histogram.tsx'
import { Explained } from '../../components/explained.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { count, measure, percent } from '../../format/number.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import classes from './profile-findings.module.css'

type Profile = DatasetVersion['profile']
type Correlation = NonNullable<Profile['sample']>['correlations'][number]

const strong = 0.3
const mostPairs = 12

/** What is worth a look in the data: leaks of the label, imbalance, data about people, near-duplicates, correlations. */
export function ProfileFindings({ version }: { version: DatasetVersion }) {
  const to = useProjectPath()
  const { sample, columns } = version.profile
  const sensitive = columns.filter((column) => column.sensitive)
  const pairs = (sample?.correlations ?? [])
    .filter(({ r }) => Math.abs(r) >= strong)
    .sort((a, b) => Math.abs(b.r) - Math.abs(a.r))
    .slice(0, mostPairs)
  const label = sample?.label
  const near = sample?.nearDuplicates
  if (sensitive.length === 0 && pairs.length === 0 && !label && !near?.rows) return null
  return (
    <Columns wide>
      {label && (
        <Panel
          title={`Label: ${label.column}`}
          note={
            label.imbalance !== null &&
            `the smallest class has ${percent(label.imbalance, 0)} of the rows of the largest`
          }
        >
          <CategoryBars
            label={`Shares of the classes of ${label.column}`}
            bins={label.classes.map((one) => ({ label: one.value, value: one.share }))}
            shares
            limit={8}
          />
          {label.leaks.length > 0 && (
            <ul className={classes.findings}>
              {label.leaks.map((leak) => (
                <li key={leak.column}>
                  <StateBadge state="leak" tone="warn" text="may leak" /> <b>{leak.column}</b>: {leak.why}
                </li>
              ))}
            </ul>
          )}
        </Panel>
      )}
      {(sensitive.length > 0 || (near?.rows ?? 0) > 0) && (
        <Panel title="Worth a look">
          <ul className={classes.findings}>
            {sensitive.map((column) => (
              <li key={column.name}>
                <StateBadge state="sensitive" tone="shade" text={column.sensitive!.kind.replaceAll('_', ' ')} />{' '}
                <b>{column.name}</b> <span className="muted">{column.sensitive!.why}</span>
              </li>
            ))}
            {near && near.rows > 0 && (
              <li>
                <StateBadge state="near" tone="warn" text="near-duplicates" />{' '}
                <Explained
                  definition="Rows that are the same but for little, found among some rows of the version."
                  samples={sample!.rows}
                >
                  {count(near.rows)} of {count(sample!.rows)} rows
                </Explained>
                {near.examples[0] && (
                  <>
                    , such as{' '}
                    <Link
                      href={`${to('data', version.dataset, version.version)}?tab=rows&from=${Math.min(...near.examples[0])}`}
                    >
                      {near.examples[0].join(' and ')}
                    </Link>
                  </>
                )}
              </li>
            )}
          </ul>
        </Panel>
      )}
      {pairs.length > 0 && (
        <Panel
          title="Columns that go together"
          note={`from ${percent(strong, 0)} on, of ${count(sample!.rows)} rows`}
          flush
        >
          <Table rows={pairs} columns={pairColumns} rowKey={(one) => `${one.a} ${one.b}`} />
        </Panel>
      )}
    </Columns>
  )
}

const pairColumns: Column<Correlation>[] = [
  { key: 'a', head: 'Column', cell: (one) => <b>{one.a}</b> },
  { key: 'b', head: 'and', cell: (one) => <b>{one.b}</b> },
  { key: 'r', head: 'Correlation', right: true, cell: (one) => measure(one.r, 3) },
  {
    key: 'bar',
    head: '',
    width: '30%',
    cell: (one) => (
      <span className={classes.bar} data-negative={one.r < 0 || undefined}>
        <i style={{ width: `${Math.abs(one.r) * 100}%` }} />
      </span>
    ),
  },
]
