import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '../../../components/icon.tsx'
import table from '../table/table.module.css'
import type { Dimension } from './dimension.ts'

const mostListed = 200

/** Which params and metrics are axes; a new one stands last. */
export function AxesChoice({
  dimensions,
  chosen,
  onChange,
}: {
  dimensions: Dimension[]
  chosen: string[]
  onChange(names: string[]): void
}) {
  const [text, setText] = useState('')
  const fitting = dimensions.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase())).slice(0, mostListed)
  return (
    <Popover position="bottom-end" shadow="md" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" size={14} />}>
          Axes <span className="muted">&nbsp;{chosen.length}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="sm" style={{ background: 'var(--surface)' }}>
        <div className={table.chooser}>
          <input
            type="search"
            data-autofocus
            aria-label="Find an axis"
            placeholder="Find"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <div className={table.list}>
            {fitting.map(({ name, key, kind, differs }) => (
              <div key={name} className={table.item} style={{ position: 'static' }}>
                <label>
                  <input
                    type="checkbox"
                    checked={chosen.includes(name)}
                    onChange={() =>
                      onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])
                    }
                  />
                  <span className="clip">{key}</span>
                  <small>{kind}</small>
                </label>
                {!differs && <small>equal</small>}
              </div>
            ))}
          </div>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
