import { z } from 'zod'

const size = z.object({ count: z.number(), bytes: z.number() })
const item = z.object({
  kind: z.enum(['run', 'experiment', 'logged_model', 'model_version', 'blob']),
  project: z.string().nullable().describe('null for a blob'),
  id: z.string(),
  name: z.string().nullable(),
  since: z.number().describe('when it was deleted; for a blob, when it was put last'),
  bytes: z.number().describe('of its artifacts, which other things may need too; for a blob its own'),
  why: z.string(),
})

/** The result of a job that collects garbage. */
export const garbageReport = z.object({
  dryRun: z.boolean(),
  graceMs: z.number(),
  runs: z.number(),
  experiments: z.number(),
  loggedModels: z.number(),
  modelVersions: z.number(),
  blobs: z.number(),
  bytes: z.number().describe('what the blobs that went, or would go, take'),
  items: z.array(item).describe('the largest first, at most 500 things and 500 blobs'),
  kept: z.array(item).describe('what was deleted and stays, with why'),
  waiting: z.number().describe('deleted things whose time has not come'),
  young: size.describe('blobs that were put too lately to be judged'),
  stored: size,
})
