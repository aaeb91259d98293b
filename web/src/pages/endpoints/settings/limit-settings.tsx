import { Panel } from '../../../components/panel.tsx'
import { NumberField, Setting, WordField } from './fields.tsx'
import classes from './settings.module.css'
import type { SettingsPart } from './settings.tsx'

const periods = { '1000': 'a second', '60000': 'a minute', '3600000': 'an hour' }
const strange = { pass: 'answer as usual', flag: 'answer, and say so', reject: 'refuse (400)' }

/** How much callers may ask, how long they wait, and what becomes of strange input. */
export function LimitSettings({ spec, change }: SettingsPart) {
  const { limits, inputs, threshold } = spec
  const limit = (some: Partial<typeof limits>) => change({ limits: { ...limits, ...some } })
  const { rate: _, ...unrated } = limits
  const { concurrency: __, ...free } = limits
  return (
    <Panel title="Requests">
      <div className={classes.settings}>
        <Setting
          name="Rate of a caller"
          about="By its token, or its address where there are no tokens; more is refused with 429."
        >
          <NumberField
            value={limits.rate?.count}
            min={1}
            placeholder="no limit"
            onChange={(count) => limit({ rate: { count, per: limits.rate?.per ?? 1000 } })}
            onEmpty={() => change({ limits: unrated })}
          />
          <WordField
            label="Period of the rate"
            value={String(limits.rate?.per ?? 1000) as keyof typeof periods}
            words={periods}
            onChange={(per) => limits.rate && limit({ rate: { count: limits.rate.count, per: Number(per) } })}
          />
        </Setting>
        <Setting
          name="Calls at once"
          about="Of the model; as many as its runtime can run beside each other when empty."
        >
          <NumberField
            value={limits.concurrency}
            min={1}
            placeholder="as it can"
            onChange={(concurrency) => limit({ concurrency })}
            onEmpty={() => change({ limits: free })}
          />
        </Setting>
        <Setting name="Queue" about="Calls that may wait beyond those; one more is refused at once.">
          <NumberField value={limits.queue} onChange={(queue) => limit({ queue })} />
        </Setting>
        <Setting name="Longest wait" about="A call that would wait longer for its turn is refused at once, too.">
          <NumberField value={limits.wait} unit="ms" onChange={(wait) => limit({ wait })} />
        </Setting>
        <Setting name="Timeout" about="Of a call whose caller names none.">
          <NumberField value={limits.timeout} min={1} unit="ms" onChange={(timeout) => limit({ timeout })} />
        </Setting>
        <Setting name="Threshold" about="Probability from which a binary model’s label is the positive one.">
          <NumberField value={threshold} max={1} step="any" onChange={(value) => change({ threshold: value })} />
        </Setting>
        <Setting name="Unknown categories" about="A category that the model’s reference does not have.">
          <WordField
            value={inputs.unknownCategories as keyof typeof strange}
            words={strange}
            onChange={(unknownCategories) => change({ inputs: { ...inputs, unknownCategories } })}
          />
        </Setting>
        <Setting name="Numbers out of range" about="Below the reference’s smallest or above its largest.">
          <WordField
            value={inputs.ranges as keyof typeof strange}
            words={strange}
            onChange={(ranges) => change({ inputs: { ...inputs, ranges } })}
          />
        </Setting>
      </div>
    </Panel>
  )
}
