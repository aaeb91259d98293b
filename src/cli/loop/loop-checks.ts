import type { z } from 'zod'
import type { datasetVersionAnswer } from '../../protocols/kedge/schemas/data.ts'
import type { journalEvent, lineageGraph } from '../../protocols/kedge/schemas/journal.ts'
import type { alertList, monitoringOverview, predictionRows } from '../../protocols/kedge/schemas/monitoring.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import type { TrainingMetric } from './training-metrics.ts'
import type { UnchangedWorld } from './unchanged-world.ts'

export interface LoopCheck {
  name: string
  ok: boolean
  /** what was found, in words */
  found: string
}
export type LoopChecks = LoopCheck[]

interface Findings {
  endpoint: string
  recorded: z.output<typeof predictionRows>['items']
  acknowledgements: Acknowledgements
  overview: z.output<typeof monitoringOverview>
  /** alerts, firings, gates and releases of the journal, oldest first */
  events: z.output<typeof journalEvent>[]
  alerts: z.output<typeof alertList>['items']
  unchanged: UnchangedWorld
  metrics: readonly TrainingMetric[]
  lineage: z.output<typeof lineageGraph>
  version: z.output<typeof datasetVersionAnswer>
  journal: { entries: number }
}

const week = 7 * 86_400_000

/** Whether the loop has closed, point by point. */
export function loopChecks(findings: Findings): LoopChecks {
  const { events, lineage, unchanged, version, journal } = findings
  const of = (type: string) => events.filter((event) => event.type === type)
  const data = (event: { data: unknown }) => event.data as Record<string, unknown>
  const mine = (event: { data: unknown }) => data(event).endpoint === findings.endpoint
  const opened = of('alert.opened').filter(mine)
  const fired = of('rule.fired')
  const gates = [...of('gate.passed'), ...of('gate.failed')]
  const releases = of('release.started').filter(mine)
  const ended = [...of('release.finished'), ...of('release.rolled_back')].filter(mine)
  const twice = fired.length - new Set(fired.map((event) => data(event).subject)).size
  const firedAt = fired.map((event) => Number(data(event).asOf ?? 0)).sort((a, b) => a - b)
  const gap = Math.min(...firedAt.slice(1).map((time, i) => time - firedAt[i]!))
  const retrained = ended.filter((event) => Number(data(event).revision) > 1)
  const sources = lineage.edges.map(({ source }) => source)
  const counts = version.counts

  return [
    {
      name: 'what was read is accounted for',
      ok: counts.read === counts.kept + counts.quarantined + counts.removed,
      found: `${counts.read} rows read = ${counts.kept} kept + ${counts.quarantined} quarantined + ${counts.removed} removed`,
    },
    ...onceEach(findings),
    metricsOnce(findings),
    {
      name: 'a change opened an alert',
      ok: opened.length > 0,
      found:
        opened
          .map(
            (event) => `${data(event).family} at ${new Date(Number(data(event).windowEnd)).toISOString().slice(0, 10)}`,
          )
          .join(', ') || 'none',
    },
    { name: 'an alert started a retraining', ok: fired.length > 0, found: `${fired.length} retrainings` },
    {
      name: 'one retraining a cause, and none within the cooldown',
      ok: twice === 0 && !(gap < 2 * week),
      found: `${twice} causes twice${firedAt.length > 1 ? `; least distance ${Math.round(gap / 86_400_000)} days` : ''}`,
    },
    {
      name: 'a gate decided on each version',
      ok: gates.length >= fired.length + 1,
      found: `${of('gate.passed').length} passed, ${of('gate.failed').length} did not`,
    },
    {
      name: 'each release ended, with its reason',
      ok:
        ended.length >= releases.length - 1 &&
        of('release.rolled_back').every((event) => String(data(event).reason) !== ''),
      found: `${of('release.finished').filter(mine).length} finished, ${of('release.rolled_back').filter(mine).length} rolled back of ${releases.length}`,
    },
    {
      name: 'a retrained version was released or stayed out with its reason',
      ok: retrained.length > 0 || of('gate.failed').length > 0,
      found:
        retrained.map((event) => `revision ${data(event).revision} ${event.type.split('.')[1]}`).join(', ') ||
        (of('gate.failed').length > 0 ? 'stayed out at the gate' : 'no version was retrained'),
    },
    {
      name: 'no alarm where nothing changed',
      ok: unchanged.alerts.length === 0,
      found: `${unchanged.alerts.length} alerts in ${unchanged.days} days, ${unchanged.predictions} predictions drawn from the days of training`,
    },
    {
      name: 'a prediction leads to the source rows',
      ok: sources.some((source) => source.startsWith('dataset_version/')) && version.sources.length > 0,
      found: `${lineage.edges.length} steps to ${[...new Set(sources.filter((source) => /^(dataset_version|source)\//.test(source)))].join(', ')}; its rows are of ${version.sources.map(({ name, state }) => `${name} ${state.slice(0, 12)}`).join(', ')}`,
    },
    { name: 'the journal verifies', ok: journal.entries > 0, found: `${journal.entries} entries` },
  ]
}

/** Every acknowledged prediction and actual is recorded exactly once, with the answer that the client got. */
function onceEach({ recorded, acknowledgements }: Findings): LoopCheck[] {
  const answers = new Map<string, z.output<typeof predictionRows>['items']>()
  for (const row of recorded) if (!row.shadow) answers.set(row.id, [...(answers.get(row.id) ?? []), row])
  let lost = 0
  let doubled = 0
  let different = 0
  for (const { id, revision, score } of acknowledgements.predictions.values()) {
    const rows = answers.get(id) ?? []
    if (rows.length === 0) lost++
    else if (rows.length > 1) doubled++
    else if (rows[0]!.revision !== revision || Math.abs((rows[0]!.score ?? Number.NaN) - score) > 1e-9) different++
  }
  let untold = 0
  for (const id of acknowledgements.actuals) if ((answers.get(id)?.[0]?.actual ?? null) === null) untold++
  const total = acknowledgements.predictions.size
  return [
    {
      name: 'every acknowledged prediction is recorded exactly once',
      ok: total > 0 && lost + doubled + different === 0,
      found: `${total} acknowledged, ${lost} lost, ${doubled} doubled, ${different} different`,
    },
    {
      name: 'every acknowledged actual is joined',
      ok: acknowledgements.actuals.size > 0 && untold === 0,
      found: `${acknowledgements.actuals.size} acknowledged, ${untold} missing`,
    },
  ]
}

/** Every step of a finished training has logged its loss once, and none is missing between the first and the last. */
function metricsOnce({ metrics }: Findings): LoopCheck {
  const wrong = metrics.filter(({ steps }) => steps.some((step, i) => step !== i))
  const points = metrics.reduce((sum, { steps }) => sum + steps.length, 0)
  return {
    name: 'every logged metric is there exactly once',
    ok: points > 0 && wrong.length === 0,
    found: `${points} points of ${metrics.length} runs${wrong.length > 0 ? `; not in ${wrong.map(({ run }) => run).join(', ')}` : ''}`,
  }
}
