import type { MonitoringOverview } from '../../api/types.ts'
import { Select } from '../../components/choice.tsx'
import input from '../../components/input.module.css'
import { useQueryState } from '../../components/use-query-state.ts'
import { date } from '../../format/time.ts'
import classes from './monitoring.module.css'
import { SegmentChoice } from './segment-choice.tsx'
import { answeringRevision } from './view-question.ts'

const spans = [
  { value: '30', text: '30 days' },
  { value: '90', text: '90 days' },
  { value: '365', text: 'a year' },
  { value: 'all', text: 'everything' },
]
const windows = [
  { value: '', text: 'as the monitors' },
  { value: 'day', text: 'a day' },
  { value: '7d', text: '7 days, sliding' },
  { value: 'week', text: 'a calendar week' },
  { value: '28d', text: '28 days, sliding' },
  { value: 'month', text: 'a calendar month' },
]
const references = [
  { value: '', text: 'as the monitors' },
  { value: 'training', text: 'training data' },
  { value: 'before', text: 'the window before' },
  { value: 'weekdays', text: 'same weekday, 4 weeks' },
  { value: 'stretch', text: 'fixed days' },
  { value: 'revision', text: 'another revision' },
]

/** What is looked at and what it is held against; everything stays in the address. */
export function ViewControls({
  overview,
  compare,
  segments,
  children,
}: {
  overview: MonitoringOverview
  /** whether windows and reference can be chosen too */
  compare?: boolean
  /** whether a segment can be chosen */
  segments?: boolean
  children?: React.ReactNode
}) {
  const [span, setSpan] = useQueryState('span', '90')
  const [of, setOf] = useQueryState('of')
  const [against, setAgainst] = useQueryState('against')
  const [other, setOther] = useQueryState('against_revision')
  const [from, setFrom] = useQueryState('against_from')
  const [to, setTo] = useQueryState('against_to')
  const [revision, setRevision] = useQueryState('revision')
  const revisions = overview.revisions.map((one) => ({ value: String(one.revision), text: String(one.revision) }))
  const answering = answeringRevision(overview)
  const first = date(overview.firstPrediction ?? 0)
  return (
    <div className={classes.controls}>
      <Select label="Stretch" value={span} onChange={setSpan} options={spans} />
      <Select
        label="Revision"
        value={revision}
        onChange={setRevision}
        options={[
          { value: '', text: `${answering}, that answers` },
          ...revisions.filter(({ value }) => value !== String(answering)),
        ]}
      />
      {segments && <SegmentChoice overview={overview} />}
      {compare && (
        <>
          <Select label="Window" value={of} onChange={setOf} options={windows} />
          <Select label="Against" value={against} onChange={setAgainst} options={references} />
          {(against === 'revision' || against === 'stretch') && revisions.length > 1 && (
            <Select
              label="of revision"
              value={other}
              onChange={setOther}
              options={[{ value: '', text: 'the same' }, ...revisions]}
            />
          )}
          {against === 'stretch' && (
            <>
              <Day label="from" value={from || first} onChange={setFrom} />
              <Day label="to" value={to || date(overview.lastPrediction ?? 0)} onChange={setTo} />
            </>
          )}
        </>
      )}
      {children}
    </div>
  )
}

const Day = ({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) => (
  <label className={classes.day}>
    <span>{label}</span>
    <input
      className={input.input}
      type="date"
      value={value}
      onChange={(event) => event.target.value && onChange(event.target.value)}
    />
  </label>
)
