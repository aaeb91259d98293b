import { useEffect, useState } from 'react'
import classes from './filter-field.module.css'
import { Icon } from './icon.tsx'

const pause = 200

/** The page's filter: `/` goes to it, its text lives in the address. */
export function FilterField({
  value,
  onChange,
  placeholder = 'Filter',
}: {
  value: string
  onChange(value: string): void
  placeholder?: string
}) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), pause)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <label className={classes.field}>
      <Icon name="search" size={14} />
      <input
        data-filter
        type="search"
        value={text}
        placeholder={placeholder}
        aria-label={placeholder}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
      />
      <kbd>/</kbd>
    </label>
  )
}
