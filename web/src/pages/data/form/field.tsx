import { type ReactNode, useId, useState } from 'react'
import { parse, stringify } from 'yaml'
import { Icon } from '../../../components/icon.tsx'
import classes from './form.module.css'
import { beginning, formOf, type JsonSchema, resolved, variantOf, variantTitle, words } from './json-schema.ts'
import { ListField } from './list-field.tsx'
import { MapField } from './map-field.tsx'
import { SecretField } from './secret-field.tsx'

/** What all fields of a form know. */
export interface FormContext {
  root: JsonSchema
  /** columns that there are, to choose from */
  columns: readonly string[]
  /** messages by the place of the field, `a.b` */
  wrong: ReadonlyMap<string, string>
  /** begins the names of new secrets */
  secretPrefix: string
  /** something beside a field, such as a button to look for a file */
  beside?: ((place: string) => ReactNode) | undefined
}

export interface FieldProps {
  name: string
  /** names on the way to it, with dots between */
  place: string
  schema: JsonSchema
  value: unknown
  required?: boolean | undefined
  onChange(value: unknown): void
  context: FormContext
}

const ofColumn = /column|^(a|b|by|on|time|label|incremental|key|keys|into|unique|not_null|select|drop)$/
const long = /^(query|that|command|text|sql|filter)$/

/** One setting with its name, its help, what is wrong with it, and the input that its schema asks for. */
export function Field(props: FieldProps) {
  const { name, place, schema: given, value, required, onChange, context } = props
  const id = useId()
  const schema = resolved(given, context.root)
  const form = formOf(given, context.root)
  const wrong = context.wrong.get(place)
  if (form.is === 'fixed') return null
  if (form.is === 'group') return <Group {...props} schema={form.schema} />
  const suggested = ofColumn.test(name) || place === '' ? context.columns : []
  const fallback = schema.default
  const common = { id, 'aria-invalid': wrong !== undefined || undefined, 'aria-describedby': `${id}-help` }
  const set = (text: string, as: (text: string) => unknown) => onChange(text === '' ? undefined : as(text))
  const input = () => {
    switch (form.is) {
      case 'secret':
        return <SecretField id={id} value={value} onChange={onChange} prefix={context.secretPrefix} name={name} />
      case 'choice':
        return (
          <select
            {...common}
            value={value === undefined ? '' : String(value)}
            onChange={(event) => onChange(form.values.find((one) => String(one) === event.target.value))}
          >
            {(!required || value === undefined) && (
              <option value="">{fallback === undefined ? '–' : `${String(fallback)} (when nothing is said)`}</option>
            )}
            {form.values.map((one) => (
              <option key={String(one)} value={String(one)}>
                {String(one)}
              </option>
            ))}
          </select>
        )
      case 'switch':
        return (
          <input
            {...common}
            type="checkbox"
            checked={(value ?? fallback ?? false) === true}
            onChange={(event) => onChange(event.target.checked === fallback ? undefined : event.target.checked)}
          />
        )
      case 'number':
        return (
          <input
            {...common}
            type="number"
            step={form.whole ? 1 : 'any'}
            value={value === undefined ? '' : String(value)}
            placeholder={fallback === undefined ? undefined : String(fallback)}
            onChange={(event) => set(event.target.value, Number)}
          />
        )
      case 'list':
        return (
          <ListField
            {...common}
            value={value}
            suggested={suggested}
            scalar={form.of === 'scalar'}
            onChange={onChange}
          />
        )
      case 'map':
        return <MapField {...props} schema={form.value} Field={Field} />
      case 'variants':
        return <Variants {...props} variants={form.variants} />
      case 'yaml':
        return <Yaml {...common} value={value} onChange={onChange} />
      default:
        return long.test(name) || (place === '' && form.is === 'text') ? (
          <textarea
            {...common}
            rows={name === 'query' || name === 'command' ? 4 : 2}
            spellCheck={false}
            className="mono"
            value={value === undefined ? '' : String(value)}
            onChange={(event) => set(event.target.value, String)}
          />
        ) : (
          <>
            <input
              {...common}
              type="text"
              spellCheck={false}
              autoComplete="off"
              list={suggested.length > 0 ? `${id}-list` : undefined}
              value={value === undefined ? '' : String(value)}
              placeholder={fallback === undefined ? undefined : String(fallback)}
              onChange={(event) => set(event.target.value, form.is === 'scalar' ? scalar : String)}
            />
            {suggested.length > 0 && (
              <datalist id={`${id}-list`}>
                {suggested.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            )}
          </>
        )
    }
  }
  return (
    <div
      className={classes.field}
      data-wide={/map|variants|yaml/.test(form.is) || long.test(name) || Boolean(context.beside?.(place)) || undefined}
    >
      {name && (
        <label htmlFor={id}>
          {words(name)}
          {required && (
            <span className={classes.required} title="must be given">
              *
            </span>
          )}
        </label>
      )}
      <div className={classes.input}>
        {input()}
        {context.beside?.(place)}
      </div>
      <div id={`${id}-help`} className={classes.help}>
        {wrong ? (
          <span className={classes.wrong}>
            <Icon name="alert" size={12} /> {wrong}
          </span>
        ) : (
          <Help text={schema.description} />
        )}
      </div>
    </div>
  )
}

/** What a schema says of a setting; names of others stand in it between backticks. */
const Help = ({ text = '' }: { text: string | undefined }) =>
  text.split('`').map((part, i) =>
    i % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
      <code key={i}>{part}</code>
    ) : (
      part
    ),
  )

/** A text as the number, the truth value or the text that it is. */
export function scalar(text: string): unknown {
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text)
  return text === 'true' ? true : text === 'false' ? false : text
}

/** Settings within a setting: those that must be given and plain ones first, the others when asked for. */
export function Group({ name, place, schema, value, required, onChange, context }: FieldProps) {
  const object = (value ?? {}) as Record<string, unknown>
  const properties = Object.entries(schema.properties ?? {})
  const must = new Set(schema.required ?? [])
  const rare = ([key, inner]: [string, JsonSchema]) =>
    !must.has(key) && /group|map|variants|yaml/.test(formOf(inner, context.root).is)
  const change = (key: string, next: unknown) => {
    const { [key]: _, ...others } = object
    const order = properties.map(([one]) => one)
    const after = Object.entries(next === undefined ? others : { ...others, [key]: next })
    after.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    onChange(after.length === 0 && !required && place !== '' ? undefined : Object.fromEntries(after))
  }
  const fields = (which: [string, JsonSchema][]) =>
    which.map(([key, inner]) => (
      <Field
        key={key}
        name={key}
        place={place === '' ? key : `${place}.${key}`}
        schema={inner}
        value={object[key]}
        required={must.has(key)}
        onChange={(next) => change(key, next)}
        context={context}
      />
    ))
  const [usual, others] = [properties.filter((one) => !rare(one)), properties.filter(rare)]
  const used = others.filter(([key]) => object[key] !== undefined).length
  const body = (
    <>
      <div className={classes.fields}>{fields(usual)}</div>
      {others.length > 0 && (
        <details className={classes.more} open={used > 0 || undefined}>
          <summary>
            More settings <span className="muted">{others.map(([key]) => words(key)).join(', ')}</span>
          </summary>
          <div className={classes.fields}>{fields(others)}</div>
        </details>
      )}
    </>
  )
  if (place === '' || name === '') return body
  return (
    <fieldset className={classes.group}>
      <legend>
        {words(name)}
        {required && <span className={classes.required}>*</span>}
      </legend>
      {schema.description && (
        <div className={classes.help}>
          <Help text={schema.description} />
        </div>
      )}
      {body}
    </fieldset>
  )
}

function Variants({
  name,
  place,
  value,
  onChange,
  context,
  variants,
  required,
}: FieldProps & { variants: JsonSchema[] }) {
  const none = value === undefined && !required
  const chosen = variantOf(variants, value)
  const variant = variants[chosen]!
  return (
    <div className={classes.variants}>
      <select
        aria-label={`Form of ${name || 'the value'}`}
        value={none ? '' : chosen}
        onChange={(event) =>
          onChange(
            event.target.value === ''
              ? undefined
              : (beginning(variants[Number(event.target.value)]!, context.root) ?? ''),
          )
        }
      >
        {!required && <option value="">–</option>}
        {variants.map((one, i) => (
          <option key={variantTitle(one) + String(i)} value={i}>
            {variantTitle(one)}
          </option>
        ))}
      </select>
      {!none && variant.const === undefined && (
        <Field name="" place={place} schema={variant} value={value} required onChange={onChange} context={context} />
      )}
    </div>
  )
}

function Yaml({ value, onChange, ...common }: { id: string; value: unknown; onChange(value: unknown): void }) {
  const [text, setText] = useState(() => (value === undefined ? '' : stringify(value)))
  const [error, setError] = useState('')
  return (
    <div>
      <textarea
        {...common}
        className="mono"
        rows={4}
        spellCheck={false}
        value={text}
        placeholder="YAML"
        onChange={(event) => {
          setText(event.target.value)
          try {
            onChange(event.target.value.trim() === '' ? undefined : parse(event.target.value))
            setError('')
          } catch (failure) {
            setError((failure as Error).message.split('\n')[0]!)
          }
        }}
      />
      {error && <span className={classes.wrong}>{error}</span>}
    </div>
  )
}
