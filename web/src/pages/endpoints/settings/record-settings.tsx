import { Panel } from '../../../components/panel.tsx'
import { NumberField, Setting, WordField } from './fields.tsx'
import classes from './settings.module.css'
import type { SettingsPart } from './settings.tsx'

const full = {
  answer: 'answer, and count what is missing',
  refuse: 'answer nothing unrecorded (503)',
}
const masks = { '': 'as it is', hash: 'a pseudonym', drop: 'left out' }

/** What of the predictions stands on record. */
export function RecordSettings({ spec, change, features }: SettingsPart & { features: string[] }) {
  const { record } = spec
  const set = (some: Partial<typeof record>) => change({ record: { ...record, ...some } })
  const named = [...new Set([...features, ...Object.keys(record.personal)])]
  return (
    <Panel title="Recording" note="what monitors, explanations and actuals work with">
      <div className={classes.settings}>
        <Setting name="Share recorded" about="Of the predictions; monitors see only what is on record.">
          <NumberField value={record.share} max={100} step="any" unit="%" onChange={(share) => set({ share })} />
        </Setting>
        <Setting name="When the spool or its disk is full" about="The events store may be away for hours before that.">
          <WordField value={record.whenFull} words={full} onChange={(whenFull) => set({ whenFull })} />
        </Setting>
      </div>
      {named.length > 0 && (
        <fieldset className={classes.personal}>
          <legend>Personal values stand on record as</legend>
          {named.map((feature) => (
            <div key={feature}>
              <span className="clip">{feature}</span>
              <WordField
                label={`${feature} on record`}
                value={(record.personal[feature] ?? '') as keyof typeof masks}
                words={masks}
                onChange={(how) => {
                  const { [feature]: __, ...others } = record.personal
                  set({ personal: how === '' ? others : { ...others, [feature]: how } })
                }}
              />
            </div>
          ))}
        </fieldset>
      )}
    </Panel>
  )
}
