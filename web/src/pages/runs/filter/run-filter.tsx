import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { ApiError } from '../../../api/client.ts'
import { columnValuesQuery } from '../../../api/tracking.ts'
import type { RunColumn } from '../../../api/types.ts'
import { Icon } from '../../../components/icon.tsx'
import { useProject } from '../../../shell/project-context.tsx'
import { completionsFor, isFinished, placeInFilter, plainField } from './filter-completion.ts'
import classes from './run-filter.module.css'
import { wrongPlace } from './wrong-place.ts'

const pause = 300

/** The filter of runs: words of a name, or the filter language with completion; an error is shown at its character. */
export function RunFilterField({
  value,
  onChange,
  columns,
  wrong,
}: {
  value: string
  onChange(value: string): void
  columns: readonly RunColumn[]
  /** the server refused it */
  wrong: boolean
}) {
  const project = useProject()
  const [text, setText] = useState(value)
  const [cursor, setCursor] = useState(value.length)
  const [open, setOpen] = useState(false)
  const [marked, setMarked] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const list = useId()
  useEffect(() => setText(value), [value])
  useEffect(() => {
    // what is not finished would only be refused; Enter sends it all the same
    if (text === value || !isFinished(text)) return
    const timer = setTimeout(() => onChange(text), pause)
    return () => clearTimeout(timer)
  }, [text, value, onChange])

  const place = useMemo(() => placeInFilter(text, cursor), [text, cursor])
  const { expected } = place
  const asksValue = expected.kind === 'value' && !/^metrics?\./i.test(expected.field)
  const values = useQuery({
    ...columnValuesQuery(
      project,
      asksValue ? valueField(expected.field) : '',
      asksValue ? expected.typed.replace(/^['"]/, '').replace(/['"]$/, '') : '',
    ),
    enabled: open && asksValue,
  })
  const completions = useMemo(
    () =>
      open
        ? completionsFor(expected, columns, asksValue ? (values.data?.items ?? []).map((one) => one.value) : [])
        : [],
    [open, expected, columns, values.data, asksValue],
  )

  const complete = (completion: string) => {
    const after = text.slice(place.to).replace(/^ ?/, ' ')
    const next = `${text.slice(0, place.from)}${completion}${after}`
    const end = place.from + completion.length + 1
    // at once: a frame later it would take the cursor back from who types on
    flushSync(() => {
      setText(next)
      setMarked(-1)
      setCursor(end)
    })
    input.current?.setSelectionRange(end, end)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && marked < 0) {
      onChange(text)
      setOpen(false)
    } else if (event.key === 'Escape' && open) {
      setOpen(false)
      event.stopPropagation()
    } else if (!open || completions.length === 0) {
      if (event.key !== 'ArrowDown') return
      setOpen(true)
    } else if (event.key === 'ArrowDown') setMarked((at) => (at + 1) % completions.length)
    else if (event.key === 'ArrowUp') setMarked((at) => (at <= 0 ? completions.length : at) - 1)
    else if (event.key === 'Enter' || (event.key === 'Tab' && marked >= 0)) complete(completions[marked]!.text)
    else return
    event.preventDefault()
  }

  return (
    <div className={classes.box} data-wrong={wrong || undefined}>
      <label className={classes.field}>
        <Icon name="search" size={14} />
        <input
          ref={input}
          data-filter
          type="search"
          role="combobox"
          aria-expanded={open && completions.length > 0}
          aria-controls={list}
          aria-activedescendant={marked >= 0 ? `${list}-${marked}` : undefined}
          aria-invalid={wrong || undefined}
          aria-label="Filter of runs"
          placeholder="Words of a name, or metrics.auc > 0.7 AND NOT params.kind = 'tree'"
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            setText(event.target.value)
            setCursor(event.target.selectionStart ?? event.target.value.length)
            setMarked(-1)
            setOpen(true)
          }}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
          onClick={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={keys}
        />
        <kbd>/</kbd>
      </label>
      {open && completions.length > 0 && (
        <div className={classes.completions} id={list} role="listbox" aria-label="Completions">
          {completions.map((one, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={one.text}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === marked}
              data-marked={i === marked || undefined}
              // before the field loses the focus
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => complete(one.text)}
            >
              <code>{one.text}</code>
              <span>{one.note}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

/** The filter again, with the wrong character marked. */
export function FilterError({ filter, error }: { filter: string; error: ApiError }) {
  const { at, what } = wrongPlace(error.message)
  return (
    <div className={classes.error} role="alert">
      {at !== undefined && (
        <code>
          {filter.slice(0, at)}
          <mark>{filter[at] ?? ' '}</mark>
          {filter.slice(at + 1)}
        </code>
      )}
      <span>
        {at !== undefined && `Character ${at + 1}: `}
        {what} <span className="muted">{error.todo}</span>
      </span>
    </div>
  )
}

/** A field as the API's completion takes it. */
function valueField(field: string): string {
  const plain = plainField(field)
  return plain.includes('.') ? plain : `attributes.${plain}`
}
