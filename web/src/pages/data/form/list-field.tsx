import { useState } from 'react'
import { Icon } from '../../../components/icon.tsx'
import { scalar } from './field.tsx'
import classes from './form.module.css'

/** Several values: each stands as a piece that can be taken out; Enter or a comma adds what was typed. */
export function ListField({
  value,
  suggested,
  scalar: anyScalar,
  onChange,
  id,
  ...common
}: {
  id: string
  value: unknown
  suggested: readonly string[]
  /** numbers and truth values are told from texts */
  scalar: boolean
  onChange(value: unknown): void
}) {
  const [text, setText] = useState('')
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const left = suggested.filter((one) => !items.includes(one))
  const add = (given: string) => {
    const word = given.trim()
    setText('')
    if (word === '') return
    const one = anyScalar ? scalar(word) : word
    if (!items.includes(one)) onChange([...items, one])
  }
  return (
    <div className={classes.list}>
      {items.map((one, i) => (
        <span key={String(one)} className={classes.piece}>
          {String(one)}
          <button
            type="button"
            aria-label={`Take ${String(one)} out`}
            onClick={() => onChange(items.filter((_, at) => at !== i))}
          >
            <Icon name="close" size={10} />
          </button>
        </span>
      ))}
      <input
        id={id}
        {...common}
        type="text"
        spellCheck={false}
        autoComplete="off"
        list={left.length > 0 ? `${id}-list` : undefined}
        value={text}
        placeholder={items.length === 0 ? 'add with Enter' : ''}
        onChange={(event) => {
          const next = event.target.value
          // one chosen from the list comes whole
          if (left.includes(next) && !(event.nativeEvent as InputEvent).inputType?.startsWith('insertText')) add(next)
          else if (next.endsWith(',')) add(next.slice(0, -1))
          else setText(next)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && text.trim() !== '') {
            event.preventDefault()
            add(text)
          }
          if (event.key === 'Backspace' && text === '' && items.length > 0) onChange(items.slice(0, -1))
        }}
        onBlur={() => add(text)}
      />
      {left.length > 0 && (
        <datalist id={`${id}-list`}>
          {left.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </div>
  )
}
