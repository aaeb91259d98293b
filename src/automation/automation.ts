import type { Channel, ChannelEnvironment } from '../contracts/channel.ts'
import type { Environment } from '../environment.ts'
import { type Reader, startReader } from '../journal/reader.ts'
import { offeredTypes } from './channel-spec.ts'
import { createChannels } from './channels.ts'
import { createDeliveries, type Retries } from './deliveries.ts'
import type { Firing } from './firing.ts'
import { createFirings, type StartPipeline } from './firings.ts'
import { listFirings } from './list-firings.ts'
import { causeFor } from './rule-cause.ts'
import { createRules, findRule, tickJob, toRule } from './rules.ts'
import { webhookSources } from './webhook-event.ts'
import { createWebhooks, type SecretKeeper } from './webhooks.ts'

export interface AutomationOptions {
  pipelines: StartPipeline
  /** What has become of an alert. Errors: `not_found`. */
  alerts: { get(project: string, id: number): Promise<{ state: 'open' | 'closed'; lastWindowEnd: number }> }
  /** kinds of channels there are */
  channels: readonly Channel[]
  checkedHost: ChannelEnvironment['checkedHost']
  /** a stored secret of a project. Errors: `not_found` */
  secret(project: string, name: string): Promise<string>
  /** where keys of webhooks are kept */
  secrets: SecretKeeper
  /** the kind of channel that posts to MLflow's webhooks */
  webhook: Channel
  retries?: Retries
  /** how often causes that wait are looked at again, in milliseconds */
  reconsiderEvery?: number
}

const rulesReader = [
  'alert.opened',
  'alert.closed',
  'dataset_version.published',
  'model_version.created',
  'gate.passed',
  'gate.failed',
  'pipeline_run.finished',
] as const

/** Rules that start pipelines because of what happens, and channels that tell people of it. Both read the journal. */
export function createAutomation(environment: Environment, options: AutomationOptions) {
  const { journal, jobs, log } = environment
  const rules = createRules(environment)
  const firings = createFirings(environment, options.pipelines)
  const deliveries = createDeliveries(environment, { ...options, kinds: options.channels })
  const readers: Reader[] = []
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  jobs.handle<{ rule: string }>({
    kind: tickJob,
    async run(job) {
      return {
        commit: async (change) => {
          const rule = await findRule(change.db, job.project, job.payload.rule).catch(() => undefined)
          if (rule?.spec.on !== 'schedule') return
          await firings.consider(change, job.project, rule.name, {
            key: `tick/${job.id}`,
            subject: `schedule/${rule.name}`,
            time: change.now,
          })
        },
      }
    },
  })

  /** How far the time of a waiting cause has come; undefined when the cause has passed. */
  async function timeOf(firing: Firing): Promise<{ time: number; asOf?: number } | undefined> {
    const [kind, id] = firing.subject.split('/')
    if (kind !== 'alert') return { time: environment.clock() }
    const alert = await options.alerts.get(firing.project, Number(id)).catch(() => undefined)
    if (alert?.state !== 'open') return undefined
    // it was violated again since: the newest data that it speaks of
    const time = Math.max(alert.lastWindowEnd, firing.time)
    return { time, asOf: time }
  }

  async function lookAgain() {
    for (const firing of await firings.waiting()) {
      const now = await timeOf(firing)
      if (await firings.stillBlocked(firing, now)) continue
      await journal.change(
        { actor: `rule/${firing.rule}`, ...(firing.cause === null ? {} : { cause: firing.cause }) },
        (change) => firings.reconsider(change, firing.id, now),
      )
    }
  }

  return {
    rules,
    firings: {
      list: (project: string, filter?: Parameters<typeof listFirings>[2]) =>
        listFirings(environment.store, project, filter),
    },
    channels: { ...createChannels(environment, options.channels), kinds: options.channels },
    webhooks: createWebhooks(environment, {
      checkedHost: options.checkedHost,
      secrets: options.secrets,
      send: deliveries.sendToWebhook,
    }),
    deliveries: { list: deliveries.list, get: deliveries.get, test: deliveries.test },

    /** Starts the readers of the journal. */
    async start(): Promise<void> {
      readers.push(
        startReader(environment, {
          name: 'automation',
          types: rulesReader,
          async handle(event, change) {
            const { project } = event
            if (event.type === 'model_version.created') {
              const { pipelineRun, model, version, gated } = event.data
              if (pipelineRun !== null && gated) await firings.gateAwaited(change, project, pipelineRun, model, version)
            } else if (event.type === 'gate.passed' || event.type === 'gate.failed') {
              await firings.gateDecided(
                change,
                project,
                event.data.model,
                event.data.version,
                event.type === 'gate.passed' ? 'passed' : 'failed',
              )
            } else if (event.type === 'pipeline_run.finished') {
              await firings.runFinished(
                change,
                project,
                event.data.run,
                event.data.state,
                event.data.error?.message ?? null,
              )
            } else if (event.type === 'alert.closed') {
              const waiting = await change.db
                .selectFrom('rule_firings')
                .select('id')
                .where('project', '=', project)
                .where('subject', '=', event.subject)
                .where('state', '=', 'waiting')
                .execute()
              for (const { id } of waiting) await firings.reconsider(change, id, undefined)
            } else {
              const rows = await change.db
                .selectFrom('automation_rules')
                .selectAll()
                .where('project', '=', project)
                .orderBy('name')
                .execute()
              for (const rule of rows.map(toRule)) {
                const cause = rule.spec.enabled ? causeFor(rule.spec, event) : undefined
                if (cause) await firings.consider(change, project, rule.name, cause)
              }
            }
          },
        }),
        startReader(environment, {
          name: 'channels',
          types: offeredTypes,
          handle: (event, change) => deliveries.announce(change, event),
        }),
        startReader(environment, {
          name: 'webhooks',
          types: webhookSources,
          handle: (event, change) => deliveries.announceToWebhooks(change, event),
        }),
      )
      timer = setInterval(() => {
        looking ??= lookAgain()
          .catch((error) => log.error({ err: error }, 'waiting causes cannot be looked at'))
          .finally(() => {
            looking = undefined
          })
      }, options.reconsiderEvery ?? 1000)
    },
    /** Resolves when every event up to now has been handled. */
    caughtUp: async () => void (await Promise.all(readers.map((reader) => reader.caughtUp()))),
    async stop(): Promise<void> {
      clearInterval(timer)
      await looking
      await Promise.all(readers.map((reader) => reader.stop()))
    },
  }
}

export type Automation = ReturnType<typeof createAutomation>
