import type { ReactNode } from 'react'
import input from '../../../components/input.module.css'
import classes from './settings.module.css'

/** A setting with what it means. */
export const Setting = ({ name, about, children }: { name: string; about: ReactNode; children: ReactNode }) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: its control is among the children
  <label className={classes.setting}>
    <b>{name}</b>
    <span className={classes.field}>{children}</span>
    <small>{about}</small>
  </label>
)

/** A number; empty is none where `onEmpty` is given. */
export const NumberField = ({
  value,
  min = 0,
  max,
  step = 1,
  unit,
  placeholder,
  onChange,
  onEmpty,
}: {
  value: number | undefined
  min?: number
  max?: number
  step?: number | 'any'
  unit?: string
  placeholder?: string
  onChange(value: number): void
  onEmpty?: () => void
}) => (
  <>
    <input
      className={input.input}
      type="number"
      min={min}
      max={max}
      step={step}
      value={value ?? ''}
      placeholder={placeholder}
      onChange={(event) => {
        const next = event.target.valueAsNumber
        if (Number.isNaN(next)) onEmpty?.()
        else if (next >= min && (max === undefined || next <= max)) onChange(next)
      }}
    />
    {unit && <span>{unit}</span>}
  </>
)

/** One of a few words. */
export const WordField = <T extends string>({
  value,
  words,
  onChange,
  label,
}: {
  value: T
  words: Record<T, string>
  onChange(value: T): void
  label?: string
}) => (
  <select
    className={input.input}
    value={value}
    aria-label={label}
    onChange={(event) => onChange(event.target.value as T)}
  >
    {(Object.entries(words) as [T, string][]).map(([word, text]) => (
      <option key={word} value={word}>
        {text}
      </option>
    ))}
  </select>
)
