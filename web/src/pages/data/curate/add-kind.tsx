import { Button, Menu } from '@mantine/core'
import { useState } from 'react'
import type { DataKinds } from '../../../api/types.ts'
import input from '../../../components/input.module.css'
import { beginning, type JsonSchema } from '../form/json-schema.ts'
import classes from './curate.module.css'
import type { Keyed } from './draft.ts'

/** Chooses what is added, by name or by what it does. */
export function AddKind({
  label,
  kinds,
  onAdd,
}: {
  label: string
  kinds: DataKinds['operations']
  onAdd(keyed: Keyed): void
}) {
  const [filter, setFilter] = useState('')
  const shown = kinds.filter(({ kind, title }) => `${kind} ${title}`.toLowerCase().includes(filter.toLowerCase()))
  return (
    <Menu width={420} position="bottom-start" onClose={() => setFilter('')} trapFocus>
      <Menu.Target>
        <Button variant="default">{label}</Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu ?? ''}>
        <input
          className={input.input}
          data-autofocus
          aria-label={`${label}: filter`}
          placeholder="What should it do?"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          onKeyDown={(event) => {
            // letters are the filter's, not the menu's
            if (!/^Arrow|Escape|Enter|Tab/.test(event.key)) event.stopPropagation()
          }}
        />
        {shown.map((one) => {
          const schema = one.schema as JsonSchema
          return (
            <Menu.Item key={one.kind} onClick={() => onAdd({ [one.kind]: beginning(schema, schema) ?? '' })}>
              <b>{one.kind.replaceAll('_', ' ')}</b>
              <div className="muted">{one.title}</div>
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
