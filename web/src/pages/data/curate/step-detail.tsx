import type { CurationPreview, DataKinds } from '../../../api/types.ts'
import { CategoryBars, Histogram } from '../../../charts/histogram.tsx'
import { Panel } from '../../../components/panel.tsx'
import { Verdict } from '../../../components/verdict.tsx'
import { count } from '../../../format/number.ts'
import { Field } from '../form/field.tsx'
import type { JsonSchema } from '../form/json-schema.ts'
import { type Mistakes, wrongPlaces } from '../form/wrong-places.ts'
import classes from './curate.module.css'
import { type Keyed, partsOf } from './draft.ts'

type Flow = CurationPreview['steps'][number]

const names: [string, string] = ['after', 'before']

/** The settings of one step, what they do to the rows, and to the chosen column. */
export function StepDetail({
  place,
  keyed,
  kind,
  columns,
  flow,
  failed,
  onChange,
}: {
  place: number
  keyed: Keyed
  kind: DataKinds['operations'][number] | undefined
  /** columns before the step */
  columns: readonly string[]
  flow: Flow | undefined
  failed: Mistakes | null
  onChange(keyed: Keyed): void
}) {
  const { kind: name, config } = partsOf(keyed)
  if (!kind) return <Panel title={name}>This server knows no step of this kind.</Panel>
  const schema = kind.schema as JsonSchema
  const wrong = wrongPlaces(failed, `curate.${place}.${name}`)
  return (
    <Panel title={`Step ${place + 1}: ${name.replaceAll('_', ' ')}`} note={kind.title}>
      {flow && <Effect flow={flow} />}
      <Field
        name=""
        place=""
        schema={schema}
        value={config}
        required
        onChange={(next) => onChange({ ...keyed, [name]: next ?? '' })}
        context={{ root: schema, columns, wrong, secretPrefix: name }}
      />
      {failed && wrong.size === 0 && (
        <Verdict role="alert">{failed.message.replace(/^curate\[\d+\] \w+: /, '')}</Verdict>
      )}
    </Panel>
  )
}

function Effect({ flow }: { flow: Flow }) {
  const { histogram, reasons } = flow
  if (!histogram && reasons.length === 0) return null
  const bins = histogram?.labels.map((label, i) => ({
    label,
    value: histogram.after[i]!,
    against: histogram.before[i]!,
  }))
  const numeric = bins?.every(({ label }) => label !== '' && !Number.isNaN(Number(label)))
  const same = histogram?.before.every((value, i) => value === histogram.after[i])
  return (
    <div className={classes.effect}>
      {bins && bins.length > 0 && (
        <div>
          <h3>
            Before and after{' '}
            <span className="muted">
              {same ? 'the step does not change this column' : 'filled: after, outlined: before'}
            </span>
          </h3>
          {numeric && bins.length > 3 ? (
            <Histogram
              label="The column before and after the step"
              bins={bins}
              names={names}
              axis={[bins[0]!.label, bins.at(-1)!.label]}
            />
          ) : (
            <CategoryBars label="The column before and after the step" bins={bins} names={names} />
          )}
        </div>
      )}
      {reasons.length > 0 && (
        <div>
          <h3>Quarantined because</h3>
          <ul className={classes.reasons}>
            {reasons.map((one) => (
              <li key={one.reason}>
                <b className="number">{count(one.rows)}</b> {one.reason}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
