import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ExplainAside } from '../serving/explain/explain-aside.ts'
import type { ModelProfile } from '../serving/explain/explanation.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { ExplanationBackground } from './explanation-background.ts'
import type { ExplainedVersion, ExplanationModels } from './explanation-model.ts'
import { drawReference, type ReferenceRows } from './explanation-rows.ts'
import type { ParquetTable } from './reference.ts'

const rows = 500
const timeout = 60_000

export interface ModelProfilesDependencies {
  environment: Pick<Environment, 'store' | 'events' | 'clock'>
  models: ExplanationModels
  table: ParquetTable
  aside: ExplainAside
  background: ExplanationBackground
}

/** Permutation importance and partial dependence of model versions, made on first use and kept. */
export function createModelProfiles({ environment, models, table, aside, background }: ModelProfilesDependencies) {
  const { store, events, clock } = environment
  const making = new Map<string, Promise<ModelProfile & { computedAt: number }>>()

  /** Rows that the version did not learn from; without a reference others, of which nobody knows the truth. */
  async function rowsOf(project: string, version: ExplainedVersion): Promise<ReferenceRows> {
    if (version.reference !== null) return drawReference(events, table, version.reference, rows, { heldOut: true })
    const found = await background(project, version)
    if (found) return { instances: found.instances, truths: found.instances.map(() => null) }
    throw new KedgeError('conflict', {
      what: `${version.model} version ${version.version} has neither a reference nor recorded predictions to be asked about`,
    })
  }

  async function make(
    project: string,
    model: string,
    version: number,
    known: Awaited<ReturnType<typeof models.version>>,
  ) {
    const { reference } = known
    const inputs = `${known.artifact}/${reference}`
    const row = await store.read
      .selectFrom('model_profiles')
      .selectAll()
      .where('project', '=', project)
      .where('model', '=', model)
      .where('version', '=', version)
      .executeTakeFirst()
    if (row?.inputs === inputs) return { ...fromJson<ModelProfile>(row.result), computedAt: Number(row.computed_at) }
    const leave = aside.enter()
    try {
      const held = await rowsOf(project, known)
      const result = await aside.profile({ model: await models.folder(known), ...held, timeout })
      const made = { project, model, version, inputs, computed_at: clock(), result: toJson(result) }
      await store.write(({ db }) =>
        db
          .insertInto('model_profiles')
          .values(made)
          .onConflict((c) => c.columns(['project', 'model', 'version']).doUpdateSet(made))
          .execute(),
      )
      return { ...result, computedAt: made.computed_at }
    } finally {
      leave()
    }
  }

  return {
    async of(project: string, model: string, version: number) {
      const known = await models.version(project, model, version)
      const key = JSON.stringify([project, model, version])
      let found = making.get(key)
      if (!found) {
        found = make(project, model, version, known).finally(() => making.delete(key))
        making.set(key, found)
      }
      return found
    },
  }
}
