import { channels } from '../../src/adapters/channels/index.generated.ts'
import { mlflowWebhook } from '../../src/adapters/channels/mlflow-webhook.ts'
import { type AutomationOptions, createAutomation } from '../../src/automation/automation.ts'
import { KedgeError } from '../../src/errors.ts'
import type { NewEvent } from '../../src/journal/catalogue.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openStand } from '../pipelines/stand.ts'

export const project = 'flights'
export const me = { actor: 'user/test' }
export const day = 86_400_000
export const february = Date.parse('2001-02-01T00:00:00Z')

/** Automation on real stores; pipelines are only counted, unless asked for, and alerts are what the test says. */
export async function openAutomationStand(
  directory: string,
  options: Partial<AutomationOptions> & { realPipelines?: boolean; store?: SqlStore } = {},
) {
  const stand = await openStand(directory, options.store ? { store: options.store } : {})
  const started: { id: number; pipeline: string; asOf: number | undefined; cause: number | undefined }[] = []
  const alerts = new Map<number, { state: 'open' | 'closed'; lastWindowEnd: number }>()
  const automation = createAutomation(stand.environment, {
    pipelines: options.realPipelines
      ? stand.pipelines
      : {
          async start(_change, _project, pipeline, { asOf, cause }) {
            const id = 100 + started.length
            started.push({ id, pipeline, asOf, cause })
            return { id }
          },
        },
    alerts: {
      async get(_, id) {
        const alert = alerts.get(id)
        if (!alert) throw new KedgeError('not_found', { kind: 'Alert', name: id })
        return alert
      },
    },
    channels,
    checkedHost: async (host) => host,
    secret: async () => 'shared key',
    secrets: { put: async () => {}, delete: async () => {} },
    webhook: mlflowWebhook,
    reconsiderEvery: 10,
    ...options,
  })
  await stand.pipelines.put(me, project, 'train', { params: { depth: 1 }, steps: { fit: { run: 'true' } } })
  await automation.start()
  const append = async (event: NewEvent) => {
    const receipt = await stand.environment.journal.change(me, async (change) => change.append(event))
    await automation.caughtUp()
    return receipt.id
  }
  return {
    ...stand,
    automation,
    started,
    alerts,
    append,
    openAlert(alert: number, windowEnd: number, family = 'drift', endpoint = 'delay') {
      alerts.set(alert, { state: 'open', lastWindowEnd: windowEnd })
      return append({
        type: 'alert.opened',
        project,
        subject: `alert/${alert}`,
        data: {
          alert,
          endpoint,
          family,
          revision: 1,
          model: 'delay',
          version: 1,
          windowStart: windowEnd - day,
          windowEnd,
          violations: [],
          causes: [],
        },
      })
    },
    closeAlert(alert: number) {
      alerts.set(alert, { state: 'closed', lastWindowEnd: 0 })
      return append({
        type: 'alert.closed',
        project,
        subject: `alert/${alert}`,
        data: { alert, endpoint: 'delay', family: 'drift', by: 'windows', reason: 'healthy', violations: 0 },
      })
    },
    /** A run of the counted pipelines ends, with a model version when there is one. */
    async finishRun(run: number, state: 'succeeded' | 'failed' | 'cancelled', version?: number) {
      if (version !== undefined)
        await append({
          type: 'model_version.created',
          project,
          subject: `model_version/delay@${version}`,
          data: {
            model: 'delay',
            version,
            digest: null,
            run: null,
            pipelineRun: run,
            step: 'fit',
            datasetVersions: [],
            gated: true,
          },
        })
      await append({
        type: 'pipeline_run.finished',
        project,
        subject: `pipeline_run/${run}`,
        data: {
          pipeline: 'train',
          run,
          state,
          asOf: null,
          error: state === 'failed' ? { code: 'step_failed', message: 'it failed', todo: '' } : null,
          modelVersions: [],
        },
      })
    },
    decideGate: (version: number, passed: boolean) =>
      append(
        passed
          ? {
              type: 'gate.passed',
              project,
              subject: `model_version/delay@${version}`,
              data: { model: 'delay', version, champion: 1, result: 1, reasons: [] },
            }
          : {
              type: 'gate.failed',
              project,
              subject: `model_version/delay@${version}`,
              data: { model: 'delay', version, champion: 1, result: 1, reasons: [] },
            },
      ),
    async close() {
      await automation.stop()
      await stand.close()
    },
  }
}

export type AutomationStand = Awaited<ReturnType<typeof openAutomationStand>>

/** Waits until something is so. */
export async function until<T>(look: () => Promise<T | undefined | false>, patience = 10_000): Promise<T> {
  const end = Date.now() + patience
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error('it did not come to be')
    await new Promise((done) => setTimeout(done, 5))
  }
}
