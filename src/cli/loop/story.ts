import type { z } from 'zod'
import type { journalEvent } from '../../protocols/kedge/schemas/journal.ts'
import type { gateAnswer } from '../../protocols/kedge/schemas/registry.ts'
import type { ApiClient } from '../api-client.ts'
import { dayText } from './replay-days.ts'
import type { StageReport } from './stage-report.ts'

type JournalEvent = z.output<typeof journalEvent>

const told = [
  'alert.opened',
  'alert.closed',
  'rule.fired',
  'rule.tripped',
  'pipeline_run.finished',
  'gate.passed',
  'gate.failed',
  'release.started',
  'release.advanced',
  'release.finished',
  'release.rolled_back',
]

export interface Story {
  /** Tells what has happened since the last call. `today`: the day of the replay, which is put to the event. */
  tell(today: string): Promise<void>
}

/** Tells the events of the journal that a reader of the story wants to know, as stages. */
export async function createStory(api: ApiClient, project: string, report: StageReport, after: number): Promise<Story> {
  let cursor = after
  return {
    async tell(today) {
      const { items } = await api.get<{ items: JournalEvent[] }>('/api/v1/journal', {
        project,
        type: told.join(','),
        after: cursor,
        order: 'asc',
        limit: 1000,
      })
      for (const event of items) {
        cursor = event.id
        const facts = await factsOf(api, project, event)
        if (!facts) continue
        report.stage(event.type.replace('.', '_'), { day: today, event: event.id, ...facts.facts })
        report.progress(`  ${today}  ${facts.text}`)
      }
    },
  }
}

async function factsOf(
  api: ApiClient,
  project: string,
  event: JournalEvent,
): Promise<{ facts: Record<string, unknown>; text: string } | undefined> {
  const data = event.data as Record<string, unknown> & { endpoint?: string; model?: string; version?: number }
  switch (event.type) {
    case 'alert.opened': {
      const { family, windowStart, windowEnd, violations, causes, revision } = data as unknown as {
        family: string
        windowStart: number
        windowEnd: number
        revision: number
        violations: {
          monitor: string
          feature: string
          value: number | null
          thresholdLow: number | null
          thresholdHigh: number | null
        }[]
        causes: { what: string; reason: string }[]
      }
      const window = `${dayText(windowStart)}/${dayText(windowEnd)}`
      const first = violations[0]
      return {
        facts: {
          alert: event.subject,
          endpoint: data.endpoint,
          family,
          revision,
          window,
          violations: violations.slice(0, 5),
          causes: causes.slice(0, 3),
        },
        text: `ALERT on ${data.endpoint}, ${family}, window ${window}: ${first ? `${first.monitor}${first.feature ? ` of ${first.feature}` : ''} ${round(first.value)} outside [${round(first.thresholdLow)}, ${round(first.thresholdHigh)}]` : ''}${causes[0] ? `; likely cause: ${causes[0].reason}` : ''}`,
      }
    }
    case 'alert.closed':
      return {
        facts: { alert: event.subject, endpoint: data.endpoint, family: data.family, by: data.by, reason: data.reason },
        text: `alert closed on ${data.endpoint} (${data.family}): ${data.reason}`,
      }
    case 'rule.fired':
      return {
        facts: {
          rule: data.rule,
          cause: data.subject,
          run: data.run,
          asOf: typeof data.asOf === 'number' ? dayText(data.asOf) : null,
        },
        text: `the rule ${data.rule} starts run ${data.run} because of ${data.subject}`,
      }
    case 'rule.tripped':
      return {
        facts: { rule: data.rule, failures: data.failures, reason: data.reason },
        text: `the rule ${data.rule} has stopped: ${data.reason}`,
      }
    case 'pipeline_run.finished':
      return {
        facts: { run: data.run, state: data.state, error: data.error, modelVersions: data.modelVersions },
        text: `run ${data.run} ${data.state}`,
      }
    case 'gate.passed':
    case 'gate.failed': {
      const gate = await api
        .get<z.output<typeof gateAnswer>>(
          `/api/v1/projects/${project}/models/${encodeURIComponent(data.model!)}/versions/${data.version}/gate`,
        )
        .catch(() => undefined)
      const rules = gate?.evidence?.rules.map(({ rule, outcome, challenger, champion, difference }) => ({
        rule,
        outcome,
        challenger: challenger?.value,
        champion: champion?.value,
        difference: difference && { value: difference.value, low: difference.low, high: difference.high },
      }))
      return {
        facts: {
          model: data.model,
          version: data.version,
          champion: data.champion,
          rows: gate?.evidence?.rows,
          rules,
          reasons: data.reasons,
        },
        text: `version ${data.version} ${event.type === 'gate.passed' ? 'passes' : 'does not pass'} its gate: ${(data.reasons as string[]).join('; ')}`,
      }
    }
    case 'release.started':
      return {
        facts: {
          release: event.subject,
          revision: data.revision,
          version: data.version,
          releaseStage: data.stage,
          percent: data.percent,
        },
        text: `version ${data.version} begins its release: ${data.stage}`,
      }
    case 'release.advanced':
      return {
        facts: {
          release: event.subject,
          revision: data.revision,
          releaseStage: data.stage,
          percent: data.percent,
          analyses: shortAnalyses(data.analyses),
        },
        text: `the release of version ${data.version} goes to ${data.stage}${data.stage === 'canary' ? ` ${data.percent} %` : ''}`,
      }
    case 'release.finished':
      return {
        facts: {
          release: event.subject,
          revision: data.revision,
          version: data.version,
          baseline: data.baseline,
          analyses: shortAnalyses(data.analyses),
        },
        text: `version ${data.version} answers every caller`,
      }
    case 'release.rolled_back':
      return {
        facts: {
          release: event.subject,
          revision: data.revision,
          version: data.version,
          releaseStage: data.stage,
          reason: data.reason,
        },
        text: `the release of version ${data.version} is rolled back: ${data.reason}`,
      }
    default:
      return undefined
  }
}

const round = (value: number | null) => (value === null ? '–' : Number(value.toPrecision(4)))
const shortAnalyses = (analyses: unknown) =>
  (analyses as { kind: string; verdict: string; reason: string }[]).map(
    ({ kind, verdict, reason }) => `${kind} ${verdict}: ${reason}`,
  )
