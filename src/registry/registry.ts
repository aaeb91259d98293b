import type { Environment } from '../environment.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { createAliases } from './aliases.ts'
import { createModelChecks } from './check-models.ts'
import { createConversions } from './conversions.ts'
import { createGate, type DatasetFiles } from './gate.ts'
import { createModels } from './models.ts'
import { createVersions } from './versions.ts'

/** Registered models, their versions, the gate that decides about them, and the aliases that it lets move. */
export function createRegistry(
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'clock' | 'dataDirectory'>,
  deps: { tracking: Tracking; files: DatasetFiles },
) {
  const models = createModels(environment)
  const check = createModelChecks(environment)
  const versions = createVersions(environment, models, deps.tracking, check)
  const aliases = createAliases(environment, models)
  const gate = createGate(environment, { models, versions, aliases, files: deps.files })
  const conversions = createConversions(environment, { versions, files: deps.files })
  return { models, versions, aliases, gate, check, conversions }
}

export type Registry = ReturnType<typeof createRegistry>
