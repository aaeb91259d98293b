import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import type { GateEstimate, GateRuleResult } from './gate-evidence.ts'
import { gateDifference, gateMetric, type ScoredRows } from './gate-metrics.ts'
import { type GateRule, gateMetrics } from './model-spec.ts'

const shown = (value: number) => Number(value.toPrecision(4)).toString()
const estimateOf = (measured: Measured<Estimate>): GateEstimate | null =>
  measured.ok ? { value: measured.value, low: measured.low, high: measured.high } : null

/**
 * Applies each rule to the scores of both models on the same rows. A rule against the champion is skipped while there is
 * none. With `confidence` in a rule the whole interval must meet the bar, without it the value.
 */
export function decideGate(
  rules: readonly GateRule[],
  challenger: ScoredRows,
  champion: ScoredRows | undefined,
  task: 'binary' | 'regression',
  usual = 0.95,
): GateRuleResult[] {
  return rules.map((rule) => decideRule(rule, challenger, champion, task, usual))
}

function decideRule(
  rule: GateRule,
  challenger: ScoredRows,
  champion: ScoredRows | undefined,
  task: 'binary' | 'regression',
  usual: number,
): GateRuleResult {
  const { metric, margin } = rule
  const confidence = rule.confidence ?? usual
  const atLeast = rule.at_least !== undefined
  const bar = (rule.at_least ?? rule.at_most)!
  const slack = margin === 0 ? '' : `, ${shown(margin)} ${atLeast ? 'less' : 'more'} allowed`
  const words = `${metric} ${atLeast ? 'at least' : 'at most'} ${bar === 'champion' ? "the champion's" : shown(bar)}${slack}${rule.confidence === undefined ? '' : ` with ${rule.confidence * 100} % confidence`}`
  const result = (
    outcome: GateRuleResult['outcome'],
    reason: string,
    rest: Partial<GateRuleResult> = {},
  ): GateRuleResult => ({
    metric,
    rule: words,
    outcome,
    reason,
    challenger: null,
    champion: null,
    difference: null,
    ...rest,
  })

  const regression = metric === 'mae' || metric === 'rmse'
  if (regression !== (task === 'regression')) return result('failed', `${metric} is not a metric of a ${task} model`)
  if (challenger.scores.some((score) => Number.isNaN(score)))
    return result('failed', 'the model gives no score for some of the rows')
  const own = gateMetric(metric, challenger, confidence)
  if (!own.ok)
    return result('failed', `too few ${own.of} among the held-out rows: ${own.had} of at least ${own.needed}`)
  const rest: Partial<GateRuleResult> = { challenger: estimateOf(own) }
  /** > 0 when the bar is met with room to spare */
  const sign = atLeast ? 1 : -1

  if (bar !== 'champion') {
    const nearest = rule.confidence === undefined ? own.value : atLeast ? own.low : own.high
    const met = sign * (nearest - bar) + margin >= 0
    return result(
      met ? 'passed' : 'failed',
      `${metric} is ${shown(own.value)} [${shown(own.low)}, ${shown(own.high)}]`,
      rest,
    )
  }

  if (!champion) return result('skipped', 'there is no champion to compare with yet', rest)
  if (champion.scores.some((score) => Number.isNaN(score)))
    return result('passed', 'the champion gives no score for some of the rows', rest)
  rest.champion = estimateOf(gateMetric(metric, champion, confidence))
  const difference = gateDifference(metric, champion, challenger, confidence)
  if (!difference.ok)
    return result(
      'failed',
      `too few ${difference.of} among the held-out rows: ${difference.had} of at least ${difference.needed}`,
      rest,
    )
  rest.difference = { value: difference.value, low: difference.low, high: difference.high, p: difference.p }
  const nearest = rule.confidence === undefined ? difference.value : atLeast ? difference.low : difference.high
  const met = sign * nearest + margin >= 0
  const better = gateMetrics[metric] === 'higher' ? difference.value > 0 : difference.value < 0
  const sure = difference.low > 0 || difference.high < 0
  const verdict = difference.value === 0 ? 'equal to' : `${sure ? 'surely ' : ''}${better ? 'better' : 'worse'} than`
  return result(
    met ? 'passed' : 'failed',
    `${metric} is ${shown(own.value)}, ${verdict} the champion's ${shown(rest.champion?.value ?? Number.NaN)}: difference ${shown(difference.value)} [${shown(difference.low)}, ${shown(difference.high)}]`,
    rest,
  )
}
