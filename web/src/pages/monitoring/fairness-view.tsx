import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { fairnessQuery } from '../../api/monitoring-views.ts'
import type { Fairness, MonitoringOverview } from '../../api/types.ts'
import { Intervals } from '../../charts/intervals.tsx'
import { Select } from '../../components/choice.tsx'
import { Empty } from '../../components/empty.tsx'
import { Explained } from '../../components/explained.tsx'
import { Load } from '../../components/load.tsx'
import { Columns, Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useQueryState } from '../../components/use-query-state.ts'
import { count, measure, percent } from '../../format/number.ts'
import { segmentText } from '../../format/segment.ts'
import { eventWindow } from '../../format/time.ts'
import { useProject, useProjectPath } from '../../shell/project-context.tsx'
import { stateTexts, stateWord } from './score-explanation.ts'
import { ViewControls } from './view-controls.tsx'
import { useViewQuestion } from './view-question.ts'

type Attribute = Fairness['attributes'][number]
type Metric = Attribute['metrics'][number]

const rates: Record<string, string> = {
  selection: 'Predicted positive',
  base: 'Actually positive',
  true_positive: 'Found among the positive',
  false_positive: 'Wrongly flagged among the negative',
  precision: 'Right among those flagged',
  accuracy: 'Right among all',
}

/** Decisions and errors by group, every measure with its interval, beside the reference. */
export function FairnessView({ endpoint, overview }: { endpoint: string; overview: MonitoringOverview }) {
  const project = useProject()
  const to = useProjectPath()
  const [wanted, setAttribute] = useQueryState('attribute')
  const [privileged, setPrivileged] = useQueryState('privileged')
  const [rate, setRate] = useQueryState('rate', 'selection')
  const { stretch } = useViewQuestion(overview)
  const found = useQuery(fairnessQuery(project, endpoint, { ...stretch, privileged: privileged || undefined }))
  return (
    <Load query={found}>
      {(answer) => {
        const attribute = answer.attributes.find((one) => one.attribute === wanted) ?? answer.attributes[0]
        return (
          <>
            <ViewControls overview={overview}>
              {attribute && (
                <>
                  <Select
                    label="Groups of"
                    value={attribute.attribute}
                    onChange={(value) => {
                      setAttribute(value)
                      setPrivileged('')
                    }}
                    options={answer.attributes.map((one) => ({ value: one.attribute, text: one.attribute }))}
                  />
                  <Select
                    label="Compared with"
                    value={attribute.privileged ?? ''}
                    onChange={setPrivileged}
                    options={attribute.groups.map(({ group }) => ({ value: group, text: group }))}
                  />
                </>
              )}
            </ViewControls>
            {attribute ? (
              <>
                <p className="muted" style={{ margin: '0 0 12px' }}>
                  {eventWindow({ from: answer.start, to: answer.end })} · {count(answer.rows)} predictions,{' '}
                  {count(answer.actuals)} with their actual · nothing is said of groups below {answer.minimum} rows
                  {attribute.tooSmall.length > 0 && `: ${attribute.tooSmall.slice(0, 12).join(', ')}`}
                </p>
                <Panel
                  title={`Measures between the groups of ${attribute.attribute}`}
                  note={`${percent(answer.confidence, 0)} intervals; reference ${answer.reference ?? 'none yet'}`}
                  flush
                >
                  <Table rows={attribute.metrics} columns={measures(answer)} rowKey={({ name }) => name} />
                </Panel>
                <Groups
                  attribute={attribute}
                  rate={rate}
                  onRate={setRate}
                  minimum={answer.minimum}
                  rowsOf={(group) =>
                    `${to('endpoints', endpoint)}?${new URLSearchParams({ tab: 'predictions', segment: group })}`
                  }
                />
              </>
            ) : (
              <Panel>
                <Empty title="No groups yet" compact>
                  Groups are the categories of a feature with few of them; name others under <code>segments</code> in
                  the settings of the endpoint’s monitors.
                </Empty>
              </Panel>
            )}
          </>
        )
      }}
    </Load>
  )
}

function Groups({
  attribute,
  rate,
  onRate,
  minimum,
  rowsOf,
}: {
  attribute: Attribute
  rate: string
  onRate(rate: string): void
  minimum: number
  rowsOf(group: string): string
}) {
  const known = attribute.groups.flatMap(({ group, rates }) => (rates[rate] ? [{ group, ...rates[rate] }] : []))
  const differences = attribute.groups.flatMap(({ group, difference }) =>
    difference[rate] && group !== attribute.privileged ? [{ group, ...difference[rate] }] : [],
  )
  const few = (
    <Empty title="Too few rows to say" compact>
      {rate === 'selection' ? '' : 'This rate needs actuals. '}A group needs at least {minimum} rows.
    </Empty>
  )
  return (
    <Columns wide>
      <Panel
        title="By group"
        actions={
          <Select
            label="Rate"
            value={rate}
            onChange={onRate}
            options={Object.entries(rates).map(([value, text]) => ({ value, text }))}
          />
        }
      >
        {known.length === 0 ? (
          few
        ) : (
          <>
            <Intervals
              label={`${rates[rate]} by group`}
              rows={known.map(({ group, value, low, high, n }) => ({
                name: `${group} (${count(n)})`,
                value,
                low,
                high,
                tone: group === attribute.privileged ? 'muted' : 'accent',
              }))}
            />
            <p className="muted" style={{ margin: '10px 0 0' }}>
              Rows of{' '}
              {attribute.groups.map(({ group }, i) => (
                <span key={group}>
                  {i > 0 && ', '}
                  <Link href={rowsOf(group)}>{segmentText(group)}</Link>
                </span>
              ))}
            </p>
          </>
        )}
      </Panel>
      <Panel title={`Difference to ${attribute.privileged ?? 'the largest group'}`}>
        {differences.length === 0 ? (
          few
        ) : (
          <Intervals
            label={`Difference of groups to ${attribute.privileged}`}
            zero="no difference"
            rows={differences.map(({ group, value, low, high }) => ({
              name: group,
              value,
              low,
              high,
              tone: low > 0 || high < 0 ? 'bad' : 'muted',
            }))}
          />
        )}
      </Panel>
    </Columns>
  )
}

const measures = (answer: Fairness): Column<Metric>[] => [
  {
    key: 'name',
    head: 'Measure',
    cell: (one) => (
      <Explained definition={one.formula} facts={{ 'Needs actuals': one.needsActuals ? 'yes' : 'no' }}>
        {one.title}
      </Explained>
    ),
  },
  {
    key: 'state',
    head: 'State',
    cell: ({ state }) => <StateBadge state={state} text={stateWord(state)} hint={stateTexts[state]} />,
  },
  {
    key: 'value',
    head: 'Value',
    right: true,
    cell: (one) => (
      <Explained
        definition={one.formula}
        samples={one.needsActuals ? answer.actuals : answer.rows}
        interval={[one.low, one.high]}
        facts={{ Reference: answer.reference, 'Smallest group': `${answer.minimum} rows` }}
      >
        {measure(one.value)}
      </Explained>
    ),
  },
  {
    key: 'interval',
    head: 'Interval',
    right: true,
    cell: ({ low, high }) => (low === null || high === null ? '–' : `${measure(low, 3)} to ${measure(high, 3)}`),
  },
  { key: 'ratio', head: 'Ratio', right: true, cell: ({ ratio }) => measure(ratio, 3) },
  { key: 'reference', head: 'In the reference', right: true, cell: ({ reference }) => measure(reference, 3) },
  { key: 'limit', head: 'At most', right: true, cell: ({ thresholdHigh }) => measure(thresholdHigh, 3) },
  { key: 'lowest', head: 'Lowest', cell: ({ lowest }) => lowest ?? '–' },
  { key: 'highest', head: 'Highest', cell: ({ highest }) => highest ?? '–' },
]
