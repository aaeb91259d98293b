import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Accounts } from '../../pipelines/accounts.ts'
import type { Pipelines } from '../../pipelines/pipelines.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { route } from '../route.ts'
import { pipelineRunCost, versionCost } from './schemas/costs.ts'

const inProject = z.object({ project: z.string() })
const base = '/api/v1/projects/:project'

/** What pipeline runs and model versions cost; what a run cost is told with the run. */
export function costRoutes(
  app: FastifyInstance,
  {
    accounts,
    pipelines,
    registry,
    tracking,
  }: {
    accounts: Accounts
    pipelines: Pipelines
    registry: Registry
    tracking: Tracking
  },
): void {
  route(app, {
    method: 'GET',
    url: `${base}/pipeline-runs/:run/cost`,
    permission: 'read',
    summary: 'What a pipeline run cost, by step: metered seconds × price',
    tag: 'pipelines',
    params: inProject.extend({ run: z.coerce.number().int().min(1) }),
    answer: pipelineRunCost,
    async handler({ params }) {
      const { id } = await pipelines.runs.get(params.project, params.run)
      return accounts.ofPipelineRun(id)
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/models/:model/versions/:version/cost`,
    permission: 'read',
    summary: 'What it took to make a model version: every step that it comes from, in whatever pipeline run it ran',
    tag: 'registry',
    params: inProject.extend({ model: z.string(), version: z.coerce.number().int().min(1) }),
    answer: versionCost,
    async handler({ params }) {
      const { project } = params
      const version = await registry.versions.get(project, params.model, params.version)
      if (version.pipelineRun !== null && version.step !== null)
        return { ...(await accounts.ofLineage(version.pipelineRun, version.step)), estimated: false }
      const run =
        version.runId === null ? undefined : await tracking.runs.get(project, version.runId).catch(() => undefined)
      if (run && run.pipelineRun !== null && run.step !== null)
        // a run of a later attempt is called `step@2`
        return { ...(await accounts.ofLineage(run.pipelineRun, run.step.split('@')[0]!)), estimated: false }
      const cost = run && (await accounts.ofRun(run)).cost
      return {
        total: cost?.amount ?? 0,
        currency: cost?.currency ?? accounts.currency,
        estimated: cost?.estimated ?? false,
        steps: [],
      }
    },
  })
}
