import type { SourcePreview } from '../../../api/types.ts'
import { Facts } from '../../../components/facts.tsx'
import input from '../../../components/input.module.css'
import { words } from '../form/json-schema.ts'
import { RowsTable } from '../rows-table.tsx'
import classes from './connect.module.css'

const types = ['text', 'int', 'float', 'bool', 'date', 'time']

/** The first rows with the types that were found, which can be set where the format itself has none. */
export function TypedRows({
  preview,
  declared,
  onType,
}: {
  preview: SourcePreview
  /** types that the declaration sets; undefined where it cannot */
  declared: Record<string, unknown> | undefined
  onType(column: string, type: string): void
}) {
  const found = Object.entries(preview.found)
  return (
    <>
      {found.length > 0 && (
        <div className={classes.facts}>
          <Facts
            items={Object.fromEntries(
              found.map(([name, value]) => [`${words(name)}, found`, <code key={name}>{show(value)}</code>]),
            )}
          />
        </div>
      )}
      {declared && (
        <fieldset className={classes.types}>
          <legend>Types, found by looking at the values; choose another where that is wrong</legend>
          {preview.columns.map(({ name, type }) => (
            <label key={name} data-set={declared[name] !== undefined || undefined}>
              <span className="clip" title={name}>
                {name}
              </span>
              <select className={input.input} value={type} onChange={(event) => onType(name, event.target.value)}>
                {types.map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              </select>
            </label>
          ))}
        </fieldset>
      )}
      <RowsTable rows={preview} head="First rows" />
    </>
  )
}

const show = (value: string | number | boolean) => (value === '\t' ? 'tab' : value === ' ' ? 'blank' : String(value))
