import type { CurationPreview } from '../../../api/types.ts'
import { Icon } from '../../../components/icon.tsx'
import { count } from '../../../format/number.ts'
import classes from './curate.module.css'
import { type Keyed, partsOf, summary } from './draft.ts'

type Flow = CurationPreview['steps'][number]

/** One step in the list: what it is and what it does to the rows. Alt with the arrows moves it, Delete takes it out. */
export function StepCard({
  keyed,
  title,
  text,
  flow,
  stale,
  wrong,
  chosen,
  first,
  last,
  onChoose,
  onMove,
  onRemove,
}: {
  keyed?: Keyed
  title?: string
  text?: string
  flow: Flow | undefined
  /** the numbers are of the list before the last change */
  stale: boolean
  wrong?: boolean
  chosen: boolean
  first?: boolean
  last?: boolean
  onChoose?(): void
  onMove?(by: number): void
  onRemove?(): void
}) {
  const { kind, config } = keyed ? partsOf(keyed) : { kind: title ?? '', config: text }
  const numbers = (
    <span className={classes.flow} data-stale={stale || undefined}>
      {flow ? (
        <>
          <span>
            {count(flow.in)} → <b>{count(flow.out)}</b>
          </span>
          {flow.added > 0 && <i data-tone="good">+{count(flow.added)}</i>}
          {flow.quarantined > 0 && <i data-tone="warn">{count(flow.quarantined)} quarantined</i>}
          {flow.removed > 0 && <i data-tone="idle">{count(flow.removed)} removed</i>}
        </>
      ) : (
        <span className="muted">{wrong ? 'not complete' : '…'}</span>
      )}
    </span>
  )
  const inside = (
    <>
      <span className={classes.name}>
        <b>{kind.replaceAll('_', ' ')}</b>{' '}
        <span className="muted clip" title={summary(config)}>
          {summary(config)}
        </span>
      </span>
      {numbers}
    </>
  )
  return (
    <li className={classes.step} data-chosen={chosen || undefined} data-wrong={wrong || undefined}>
      {onChoose ? (
        <>
          <button
            type="button"
            className={classes.choose}
            aria-pressed={chosen}
            onClick={onChoose}
            onKeyDown={(event) => {
              if (event.altKey && event.key === 'ArrowUp') onMove?.(-1)
              else if (event.altKey && event.key === 'ArrowDown') onMove?.(1)
              else if (event.key === 'Delete') onRemove?.()
              else return
              event.preventDefault()
            }}
          >
            {inside}
          </button>
          <span className={classes.tools}>
            <button type="button" aria-label={`Move ${kind} up`} disabled={first} onClick={() => onMove?.(-1)}>
              <Icon name="down" size={12} />
            </button>
            <button type="button" aria-label={`Move ${kind} down`} disabled={last} onClick={() => onMove?.(1)}>
              <Icon name="down" size={12} />
            </button>
            <button type="button" aria-label={`Remove ${kind}`} onClick={onRemove}>
              <Icon name="close" size={12} />
            </button>
          </span>
        </>
      ) : (
        <div className={classes.choose}>{inside}</div>
      )}
    </li>
  )
}
