import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import input from '../../../components/input.module.css'
import { count } from '../../../format/number.ts'
import classes from './quarantine.module.css'

/** Gives one column the same value in all selected rows. */
export function BulkValue({
  rows,
  columns,
  onSet,
}: {
  rows: number
  columns: string[]
  onSet(column: string, value: string | null): void
}) {
  const [opened, setOpened] = useState(false)
  const [column, setColumn] = useState(columns[0] ?? '')
  const [value, setValue] = useState('')
  const set = (next: string | null) => {
    onSet(column, next)
    setOpened(false)
  }
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)}>
          Set a value in {count(rows)} …
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className={classes.bulk}
          onSubmit={(event) => {
            event.preventDefault()
            set(value)
          }}
        >
          <label>
            Column
            <select className={input.input} value={column} onChange={(event) => setColumn(event.target.value)}>
              {columns.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <label>
            Value
            <input
              className={input.input}
              value={value}
              spellCheck={false}
              onChange={(event) => setValue(event.target.value)}
            />
          </label>
          <div className={classes.buttons}>
            <Button type="submit">Set</Button>
            <Button variant="default" onClick={() => set(null)}>
              Set to missing
            </Button>
          </div>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
