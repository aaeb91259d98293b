import classes from './choice.module.css'

/** A few alternatives as one control. */
export const Choice = <T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: T
  options: readonly (T | { value: T; text: string; title?: string })[]
  onChange(value: T): void
}) => (
  <div className={classes.choice} role="radiogroup" aria-label={label}>
    {options.map((option) => {
      const {
        value: one,
        text,
        title,
      } = typeof option === 'string'
        ? { value: option, text: option as string, title: undefined }
        : { title: undefined, ...option }
      return (
        // biome-ignore lint/a11y/useSemanticElements: styled as one bar; arrow keys are not needed for two or three choices
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === value}
          title={title}
          onClick={() => onChange(one)}
        >
          {text}
        </button>
      )
    })}
  </div>
)

/** A choice among many. */
export const Select = ({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string
  options: readonly { value: string; text: string }[]
  onChange(value: string): void
}) => (
  <label className={classes.select}>
    <span>{label}</span>
    <select value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  </label>
)
