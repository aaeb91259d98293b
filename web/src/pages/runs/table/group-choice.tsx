import { Button, Menu } from '@mantine/core'
import type { RunColumn } from '../../../api/types.ts'
import { Icon } from '../../../components/icon.tsx'
import { fieldOf } from './chosen-columns.ts'
import classes from './table.module.css'

const most = 3
const offered = 30

/** By which params, tags or attributes the runs are grouped. */
export function GroupChoice({
  columns,
  by,
  onChange,
}: {
  columns: readonly RunColumn[]
  by: readonly string[]
  onChange(by: readonly string[]): void
}) {
  const fields = [
    'attributes.status',
    'attributes.user_id',
    'tags.mlflow.source.name',
    ...columns
      .filter(({ kind, key }) => kind !== 'metric' && !key.startsWith('mlflow.'))
      .slice(0, offered)
      .map(fieldOf),
  ].filter((field) => !by.includes(field))
  return (
    <>
      {by.length > 0 && (
        <span className={classes.chips}>
          {by.map((field) => (
            <span key={field} className={classes.chip} title={field}>
              {field.replace(/^\w+\./, '')}
              <button
                type="button"
                aria-label={`Do not group by ${field}`}
                onClick={() => onChange(by.filter((one) => one !== field))}
              >
                <Icon name="close" size={11} />
              </button>
            </span>
          ))}
        </span>
      )}
      {by.length < most && (
        <Menu position="bottom-end" shadow="md" width={220} withinPortal>
          <Menu.Target>
            <Button variant="default">Group by</Button>
          </Menu.Target>
          <Menu.Dropdown mah={380} style={{ overflowY: 'auto' }}>
            {fields.map((field) => (
              <Menu.Item key={field} onClick={() => onChange([...by, field])}>
                {field.replace(/^(params|attributes)\./, '')}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  )
}
