import { Button } from '@mantine/core'
import { type ComponentType, useId, useState } from 'react'
import { Icon } from '../../../components/icon.tsx'
import type { FieldProps } from './field.tsx'
import classes from './form.module.css'
import { beginning } from './json-schema.ts'

/** Values by names that are chosen: columns and their types, new columns and their expressions. */
export function MapField({
  place,
  schema,
  value,
  onChange,
  context,
  Field,
}: FieldProps & { Field: ComponentType<FieldProps> }) {
  const id = useId()
  const [name, setName] = useState('')
  const entries = Object.entries((value ?? {}) as Record<string, unknown>)
  const add = () => {
    const word = name.trim()
    if (word === '' || entries.some(([one]) => one === word)) return
    onChange(Object.fromEntries([...entries, [word, beginning(schema, context.root) ?? '']]))
    setName('')
  }
  return (
    <div className={classes.map}>
      {entries.map(([key, inner]) => (
        <div key={key} className={classes.entry}>
          <code className="clip" title={key}>
            {key}
          </code>
          <Field
            name=""
            place={`${place}.${key}`}
            schema={schema}
            value={inner}
            required
            onChange={(next) =>
              onChange(Object.fromEntries(entries.map(([one, old]) => [one, one === key ? (next ?? '') : old])))
            }
            context={context}
          />
          <button
            type="button"
            className={classes.remove}
            aria-label={`Take ${key} out`}
            onClick={() => {
              const left = entries.filter(([one]) => one !== key)
              onChange(left.length === 0 && place !== '' ? undefined : Object.fromEntries(left))
            }}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
      <div className={classes.add}>
        <input
          type="text"
          aria-label="Name to add"
          placeholder="name"
          spellCheck={false}
          list={`${id}-list`}
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            add()
          }}
        />
        <datalist id={`${id}-list`}>
          {context.columns
            .filter((one) => !entries.some(([key]) => key === one))
            .map((one) => (
              <option key={one} value={one} />
            ))}
        </datalist>
        <Button variant="default" onClick={add} disabled={name.trim() === ''}>
          Add
        </Button>
      </div>
    </div>
  )
}
