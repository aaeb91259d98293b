import { Link } from 'wouter'
import type { Gate, GateRule } from '../../api/types.ts'
import { Intervals } from '../../charts/intervals.tsx'
import { Explained } from '../../components/explained.tsx'
import { Facts } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { StateBadge } from '../../components/state-badge.tsx'
import { Time } from '../../components/time.tsx'
import { count, measure, percent } from '../../format/number.ts'
import { eventWindow } from '../../format/time.ts'
import { useProjectPath } from '../../shell/project-context.tsx'
import classes from './gate-evidence.module.css'

const lowerIsBetter = /loss|brier|mae|rmse|error/

/** What the gate saw: challenger and champion on the same held-out rows, rule by rule, with intervals as a picture. */
export function GateEvidence({ gate }: { gate: Gate }) {
  const to = useProjectPath()
  const evidence = gate.evidence
  return (
    <Panel
      title={
        <>
          Version <Link href={to('models', gate.model, gate.version)}>{gate.version}</Link>
          {gate.champion === null ? (
            ' alone'
          ) : (
            <>
              {' '}
              against champion <Link href={to('models', gate.model, gate.champion)}>{gate.champion}</Link>
            </>
          )}{' '}
          <StateBadge state={gate.state} />
        </>
      }
      note={<Time at={gate.createdAt} />}
    >
      {gate.error && <p style={{ marginTop: 0 }}>{gate.error}</p>}
      {evidence && (
        <>
          <Facts
            items={{
              'Held-out rows': (
                <Explained
                  definition="Rows that neither version was trained on; both are scored on the same ones."
                  samples={evidence.rows}
                  facts={
                    evidence.positives === null
                      ? {}
                      : {
                          Positives: `${count(evidence.positives)} (${percent(evidence.positives / Math.max(1, evidence.rows))})`,
                        }
                  }
                >
                  {count(evidence.rows)}
                </Explained>
              ),
              From: (
                <Link
                  href={to('data', evidence.holdout.dataset, evidence.holdout.version)}
                >{`${evidence.holdout.dataset} ${evidence.holdout.version}`}</Link>
              ),
              Window: evidence.window && eventWindow(evidence.window),
              Confidence: percent(evidence.confidence),
              Took: `${measure(evidence.seconds, 3)} s`,
            }}
          />
          <div className={classes.rules}>
            {evidence.rules.map((rule) => (
              <RulePicture key={`${rule.metric} ${rule.rule}`} rule={rule} gate={gate} />
            ))}
          </div>
        </>
      )}
    </Panel>
  )
}

function RulePicture({ rule, gate }: { rule: GateRule; gate: Gate }) {
  const better = lowerIsBetter.test(rule.metric) ? 'lower is better' : 'higher is better'
  return (
    <section className={classes.rule}>
      <header>
        <b>{rule.rule}</b> <StateBadge state={rule.outcome} />
        <span className="muted">{better}</span>
      </header>
      {rule.challenger && (
        <Intervals
          label={`${rule.metric} of both versions`}
          rows={[
            { name: `version ${gate.version}`, ...rule.challenger, tone: 'accent' },
            ...(rule.champion ? [{ name: `champion ${gate.champion}`, ...rule.champion, tone: 'muted' as const }] : []),
          ]}
        />
      )}
      {rule.difference && (
        <Intervals
          label={`Difference of ${rule.metric} on the same rows`}
          zero="no difference"
          rows={[
            {
              name: 'difference',
              value: rule.difference.value,
              low: rule.difference.low,
              high: rule.difference.high,
              tone: rule.outcome === 'failed' ? 'bad' : rule.outcome === 'passed' ? 'good' : 'muted',
            },
          ]}
        />
      )}
      <p>{rule.reason}</p>
    </section>
  )
}
