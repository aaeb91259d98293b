import { Tooltip } from '@mantine/core'
import classes from './state-badge.module.css'

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'shade' | 'idle'

/** How each state of the API looks, whatever thing it belongs to. */
const tones: Record<string, Tone> = {
  ok: 'good',
  ready: 'good',
  passed: 'good',
  pass: 'good',
  succeeded: 'good',
  finished: 'good',
  FINISHED: 'good',
  published: 'good',
  live: 'good',
  active: 'good',
  closed: 'good',
  delivered: 'good',
  champion: 'good',
  watch: 'warn',
  waiting: 'warn',
  wait: 'warn',
  blocked: 'warn',
  tripped: 'warn',
  ignored: 'idle',
  failed: 'bad',
  fail: 'bad',
  FAILED: 'bad',
  violation: 'bad',
  open: 'bad',
  rejected: 'bad',
  rolled_back: 'bad',
  KILLED: 'bad',
  running: 'busy',
  RUNNING: 'busy',
  queued: 'busy',
  SCHEDULED: 'busy',
  starting: 'busy',
  loading: 'busy',
  canary: 'busy',
  shadow: 'shade',
  challenger: 'shade',
}

export const toneOf = (state: string): Tone => tones[state] ?? 'idle'

export const Dot = ({ tone, still }: { tone: Tone; still?: boolean }) => (
  <span className={classes.dot} data-tone={tone} data-still={still || undefined} aria-hidden="true" />
)

/** A state as a word with its colour; `hint` says more about it when pointed at. */
export function StateBadge({
  state,
  tone,
  text,
  hint,
}: {
  state: string
  tone?: Tone
  text?: string
  hint?: string | null
}) {
  const badge = (
    <span className={classes.badge} data-tone={tone ?? toneOf(state)}>
      {text ?? state.toLowerCase().replaceAll('_', ' ')}
    </span>
  )
  return hint ? <Tooltip label={hint}>{badge}</Tooltip> : badge
}
