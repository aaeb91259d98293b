import type { DatasetDiff } from '../../api/types.ts'
import { CategoryBars } from '../../charts/histogram.tsx'
import { Facts } from '../../components/facts.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { count } from '../../format/number.ts'
import { ListField } from './form/list-field.tsx'
import classes from './key-diff.module.css'

type Example = NonNullable<DatasetDiff['keys']>['examples'][number]

/** Which rows came, went and changed, told apart by the columns that name a row. */
export function KeyDiff({ diff, by, onBy }: { diff: DatasetDiff; by: string; onBy(by: string): void }) {
  const { keys } = diff
  const used = by ? by.split(',') : (keys?.by ?? [])
  const common = diff.b.schema.map(({ name }) => name).filter((name) => diff.a.schema.some((one) => one.name === name))
  const changed = Object.entries(keys?.columns ?? {}).filter(([, rows]) => rows > 0)
  return (
    <Panel
      title="Rows by key"
      note={keys ? undefined : 'choose the columns that name a row to see which were added, removed or changed'}
      filter={
        <label className={classes.by} htmlFor="diff-by">
          <span className="muted">Key</span>
          <ListField
            id="diff-by"
            value={used}
            suggested={common}
            scalar={false}
            onChange={(next) => onBy((next as string[]).join(','))}
          />
        </label>
      }
    >
      {keys && (
        <Columns wide>
          <div>
            <Facts
              items={{
                Added: count(keys.added),
                Removed: count(keys.removed),
                Changed: count(keys.changed),
                'Keys more than once': keys.repeated > 0 ? count(keys.repeated) : null,
              }}
            />
            {changed.length > 0 && (
              <div className={classes.changed}>
                <h3>Changed rows by column</h3>
                <CategoryBars
                  label="Changed rows by column"
                  bins={changed.sort(([, a], [, b]) => b - a).map(([label, value]) => ({ label, value }))}
                />
              </div>
            )}
          </div>
          {keys.examples.length > 0 && (
            <Table
              rows={keys.examples.slice(0, 12)}
              columns={columns}
              rowKey={(one) => one.kind + JSON.stringify(one.key)}
            />
          )}
        </Columns>
      )}
    </Panel>
  )
}

const columns: Column<Example>[] = [
  { key: 'kind', head: 'Example', width: 90, cell: (one) => one.kind },
  {
    key: 'key',
    head: 'Key',
    cell: (one) => (
      <code>
        {Object.entries(one.key)
          .map(([name, value]) => `${name} = ${String(value)}`)
          .join(', ')}
      </code>
    ),
  },
]
