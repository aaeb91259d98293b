import { useState } from 'react'
import input from '../../../components/input.module.css'
import { Panel } from '../../../components/panel.tsx'
import { NumberField, Setting, WordField } from './fields.tsx'
import classes from './settings.module.css'
import type { SettingsPart } from './settings.tsx'

const automatic = { yes: 'as soon as it passes its gate', no: 'when somebody starts it' }
const shadows = { no: 'no', yes: 'yes, for ever' }

/** Shares such as `5, 25`, rising and below 100; undefined when they are not. */
function sharesOf(text: string): number[] | undefined {
  const shares = text
    .split(/[\s,%]+/)
    .filter(Boolean)
    .map(Number)
  return shares.every((share, i) => share > (shares[i - 1] ?? 0) && share < 100) ? shares : undefined
}

/** How a new version comes to the endpoint. */
export function ReleaseSettings({ spec, change }: SettingsPart) {
  const { release } = spec
  const set = (some: Partial<typeof release>) => change({ release: { ...release, ...some } })
  const [typed, setTyped] = useState<string>()
  const kept = release.canary.join(', ')
  const wrong = typed !== undefined && sharesOf(typed) === undefined
  return (
    <Panel title="Releases" note="of a new version: judged in shadow, then with a growing share of the traffic">
      <div className={classes.settings}>
        <Setting name="A new version is released" about="The champion, when it changes.">
          <WordField
            value={spec.automatic ? 'yes' : 'no'}
            words={automatic}
            onChange={(one) => change({ automatic: one === 'yes' })}
          />
        </Setting>
        <Setting
          name="Shadow"
          about="Predictions beside the present revision before it answers a caller; empty leaves it out."
        >
          <NumberField
            value={release.shadow === false ? undefined : release.shadow}
            min={1}
            placeholder="no shadow"
            unit="predictions"
            onChange={(shadow) => set({ shadow })}
            onEmpty={() => set({ shadow: false })}
          />
        </Setting>
        <Setting
          name="Canary"
          about={
            wrong ? (
              <span className={classes.wrong}>Shares rise and stay below 100.</span>
            ) : (
              'Shares of the traffic, rising; all of it follows.'
            )
          }
        >
          <input
            className={input.input}
            value={typed ?? kept}
            aria-invalid={wrong}
            onChange={(event) => {
              setTyped(event.target.value)
              const canary = sharesOf(event.target.value)
              if (canary) set({ canary })
            }}
            onBlur={() => setTyped(undefined)}
          />
          <span>%</span>
        </Setting>
        <Setting name="Each stage has at least" about="Predictions of the new version before it may go on.">
          <NumberField value={release.samples} min={1} onChange={(samples) => set({ samples })} />
        </Setting>
        <Setting name="The first revision stays in shadow" about="What would be if nothing had been retrained.">
          <WordField
            value={spec.keepShadow ? 'yes' : 'no'}
            words={shadows}
            onChange={(one) => change({ keepShadow: one === 'yes' })}
          />
        </Setting>
      </div>
    </Panel>
  )
}
