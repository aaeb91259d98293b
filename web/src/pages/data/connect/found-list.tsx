import { useState } from 'react'
import type { FoundThere } from '../../../api/types.ts'
import { Empty } from '../../../components/empty.tsx'
import { FilterField } from '../../../components/filter-field.tsx'
import classes from './connect.module.css'

/** What there is at the place, to choose one. */
export function FoundList({
  items,
  config,
  onChoose,
}: {
  items: FoundThere[]
  config: Record<string, unknown>
  onChoose(found: FoundThere): void
}) {
  const [filter, setFilter] = useState('')
  const shown = items.filter(({ title }) => title.toLowerCase().includes(filter.toLowerCase())).slice(0, 200)
  if (items.length === 0)
    return (
      <Empty title="Nothing to read there" compact>
        The connection works, but the user sees no table. Give it the right to read, or look at another place.
      </Empty>
    )
  return (
    <>
      {items.length > 8 && (
        <FilterField value={filter} onChange={setFilter} placeholder={`Filter ${items.length} found`} />
      )}
      <div className={classes.found} role="radiogroup" aria-label="What there is to read">
        {shown.map((one) => (
          // biome-ignore lint/a11y/useSemanticElements: pieces that wrap like words
          <button
            key={one.title}
            type="button"
            role="radio"
            aria-checked={Object.entries(one.set).every(([name, value]) => config[name] === value)}
            onClick={() => onChoose(one)}
          >
            {one.title} <span className="muted">{one.what}</span>
          </button>
        ))}
      </div>
    </>
  )
}
