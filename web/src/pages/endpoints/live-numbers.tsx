import type { Endpoint } from '../../api/types.ts'
import { Explained } from '../../components/explained.tsx'
import { count, measure, percent } from '../../format/number.ts'

type Live = Endpoint['live']

const whole = { whiteSpace: 'nowrap' } as const

export const Rate = ({ live }: { live: Live }) => (
  <Explained
    definition="Predictions per second over the last ten seconds, of all inference processes together."
    facts={{ 'Since it exists': `${count(live.predictions)} predictions` }}
  >
    <span style={whole}>{measure(live.rate, 3)} /s</span>
  </Explained>
)

export const Latency = ({ live }: { live: Live }) => (
  <Explained
    definition="Time from the request's arrival to its answer inside the inference process: half of the predictions of the last minute are faster than p50, one in a hundred is slower than p99."
    facts={{ p50: `${measure(live.p50, 3)} ms`, p99: `${measure(live.p99, 3)} ms` }}
  >
    <span style={whole}>{live.p50 === null ? '–' : `${measure(live.p50, 2)} / ${measure(live.p99, 2)} ms`}</span>
  </Explained>
)

export const ErrorRate = ({ live }: { live: Live }) => (
  <Explained
    definition="Share of the predictions of the last minute that failed."
    facts={{ 'Since it exists': `${count(live.errors)} errors` }}
  >
    <span style={live.errorRate ? { color: 'var(--bad)' } : undefined}>
      {live.errorRate === null ? '–' : percent(live.errorRate, 2)}
    </span>
  </Explained>
)

export const NotRecorded = ({ live }: { live: Live }) => (
  <Explained
    definition="Predictions that could not be recorded because the spool of an inference process, or its disk, was full. What happens to them says record.whenFull of the endpoint: they are answered all the same, or refused."
    facts={{ 'Answered without a record': count(live.unrecorded), Refused: count(live.refused) }}
  >
    <span style={{ color: 'var(--bad)' }}>{count(live.unrecorded + live.refused)}</span>
  </Explained>
)

export const Cost = ({ cost, live }: { cost: Endpoint['cost']; live: Live }) =>
  cost && (
    <Explained
      definition="Metered processor time of the inference processes for its predictions, those in shadow too, × the price of an hour. Since the endpoint exists."
      facts={{
        Amount: `${measure(cost.amount, 3)} ${cost.currency}`,
        'Processor time': `${measure(live.cpuSeconds, 3)} s`,
        ...(live.predictions > 0 && {
          'A million predictions': `${measure((1e6 * cost.amount) / live.predictions, 3)} ${cost.currency}`,
        }),
      }}
    >
      <span style={whole}>
        {cost.amount > 0 && cost.amount < 0.01 ? '< 0.01' : measure(cost.amount, 3)} {cost.currency}
      </span>
    </Explained>
  )
