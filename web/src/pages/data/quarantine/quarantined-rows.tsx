import { useState } from 'react'
import type { QuarantinedRow } from '../../../api/types.ts'
import { StateBadge } from '../../../components/state-badge.tsx'
import classes from './quarantine.module.css'
import type { Edits } from './quarantine-desk.tsx'

const tones = { open: 'warn', corrected: 'good', discarded: 'idle' } as const

/** The rows with a cell for each column of the source; open ones are selected and corrected here. */
export function QuarantinedRows({
  columns,
  items,
  edits,
  selected,
  selectable,
  onSelect,
  onEdit,
}: {
  columns: string[]
  items: QuarantinedRow[]
  edits: Edits
  selected: ReadonlySet<number>
  selectable: number[]
  onSelect(rows: number[], on: boolean): void
  onEdit(row: number, column: string, value: string | null): void
}) {
  const all = selectable.length > 0 && selectable.every((row) => selected.has(row))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.rows} aria-label="Quarantined rows">
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label="Select all open rows of this page"
                checked={all}
                disabled={selectable.length === 0}
                onChange={() => onSelect(selectable, !all)}
              />
            </th>
            <th>Row</th>
            <th>Why</th>
            {columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((one) => {
            const mayCorrect = one.state === 'open' && one.from === null
            return (
              <tr key={`${one.row} ${one.from ?? ''}`} data-edited={edits.has(one.row) || undefined}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Select row ${one.row}`}
                    checked={selected.has(one.row)}
                    disabled={one.state !== 'open'}
                    onChange={(event) => onSelect([one.row], event.target.checked)}
                  />
                </td>
                <td className="number">
                  {one.row}
                  {one.from && <div className="muted">of {one.from}</div>}
                </td>
                <td>
                  {one.state !== 'open' && <StateBadge state={one.state} tone={tones[one.state]} />}{' '}
                  <span className="muted">{one.step === 0 ? 'reading:' : `step ${one.step}, ${one.operation}:`}</span>{' '}
                  {one.reason}
                  {one.value !== null && (
                    <>
                      : <code>{one.value}</code>
                    </>
                  )}
                </td>
                {columns.map((column, i) => (
                  <td key={column}>
                    <Cell
                      label={`${column} of row ${one.row}`}
                      value={edits.get(one.row)?.[column] !== undefined ? edits.get(one.row)![column]! : one.values[i]!}
                      edited={edits.get(one.row)?.[column] !== undefined}
                      fault={(one.value !== null && one.values[i] === one.value) || one.bytes?.[column] !== undefined}
                      bytes={one.bytes?.[column]}
                      onEdit={mayCorrect ? (value) => onEdit(one.row, column, value) : undefined}
                    />
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Cell({
  label,
  value,
  edited,
  fault,
  bytes,
  onEdit,
}: {
  label: string
  value: string | null
  edited: boolean
  fault: boolean
  /** hex, where it is no text */
  bytes: string | undefined
  onEdit: ((value: string | null) => void) | undefined
}) {
  const [text, setText] = useState<string>()
  const shown =
    value === null ? <span className="muted">null</span> : value === '' ? <span className="muted">empty</span> : value
  if (!onEdit) return <span data-fault={fault || undefined}>{shown}</span>
  if (text === undefined)
    return (
      <button
        type="button"
        aria-label={`Correct ${label}`}
        data-fault={(fault && !edited) || undefined}
        data-edited={edited || undefined}
        title={bytes && `original bytes: ${(bytes.match(/../g) ?? []).join(' ')}`}
        onClick={() => setText(value ?? '')}
      >
        {shown}
      </button>
    )
  const take = () => {
    setText(undefined)
    if (text !== (value ?? '')) onEdit(text)
  }
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: it takes the place of the cell that was chosen
      autoFocus
      aria-label={label}
      value={text}
      onFocus={(event) => event.target.select()}
      spellCheck={false}
      size={Math.max(6, text.length)}
      onChange={(event) => setText(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take()
        if (event.key === 'Escape') setText(undefined)
      }}
    />
  )
}
