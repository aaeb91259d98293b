import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import type { Environment } from '../../environment.ts'
import { namespaceOf } from './run-event.ts'

const text = z.string().min(1).max(2000)
const facets = z.record(z.string(), z.unknown()).nullish()
const dataset = z.looseObject({ namespace: text, name: text, facets })

/** A run event as any client sends it: what is not understood may be there. */
export const receivedEvent = z.looseObject({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']).nullish(),
  eventTime: z.string().max(100),
  producer: z.string().max(2000),
  run: z.looseObject({ runId: z.guid(), facets }),
  job: z.looseObject({ namespace: text, name: text, facets }),
  inputs: z.array(dataset).max(1000).nullish(),
  outputs: z.array(dataset).max(1000).nullish(),
})
export type ReceivedEvent = z.output<typeof receivedEvent>

const columnLineage = z.object({
  fields: z.record(
    z.string(),
    z.looseObject({
      inputFields: z.array(
        z.looseObject({
          namespace: z.string(),
          name: z.string(),
          field: z.string(),
          transformations: z
            .array(z.looseObject({ subtype: z.string().nullish(), masking: z.boolean().nullish() }))
            .nullish(),
        }),
      ),
    }),
  ),
})
const versionFacet = z.object({ datasetVersion: z.string() })

/**
 * Takes what another program tells it has read and written into the lineage graph. Datasets of this project's namespace are
 * its own: the version that the event names, or the newest. The same event again changes nothing.
 */
export function createReceiveLineage(
  { journal }: Pick<Environment, 'journal'>,
  { datasets }: Pick<Data, 'datasets'>,
): (actor: string, project: string, event: ReceivedEvent) => Promise<void> {
  async function subjectOf(project: string, { namespace, name, facets: has }: z.output<typeof dataset>) {
    if (namespace !== namespaceOf(project)) return `external_dataset/${namespace}/${name}`
    const named = versionFacet.safeParse(has?.version)
    const version = named.success ? Number(named.data.datasetVersion) : (await datasets.latest(project, name))?.version
    return version === undefined ? `dataset/${name}` : `dataset_version/${name}@${version}`
  }
  const columnOf = (project: string, namespace: string, name: string, column: string) =>
    namespace === namespaceOf(project)
      ? { kind: 'dataset', name, column }
      : { kind: 'external_dataset', name: `${namespace}/${name}`, column }

  return async (actor, project, event) => {
    const { job, run, eventType, eventTime, producer } = event
    const inputs = await Promise.all((event.inputs ?? []).map((one) => subjectOf(project, one)))
    const outputs = await Promise.all((event.outputs ?? []).map((one) => subjectOf(project, one)))
    const columns = (event.outputs ?? []).flatMap(({ namespace, name, facets: has }) => {
      const lineage = columnLineage.safeParse(has?.columnLineage)
      if (!lineage.success) return []
      return Object.entries(lineage.data.fields).flatMap(([column, { inputFields }]) =>
        inputFields.map((from) => ({
          to: columnOf(project, namespace, name, column),
          from: columnOf(project, from.namespace, from.name, from.field),
          how: from.transformations?.some(({ masking }) => masking)
            ? 'masked'
            : from.transformations?.every(({ subtype }) => subtype === 'IDENTITY')
              ? 'identity'
              : 'derived',
        })),
      )
    })
    const key = createHash('sha256')
      .update(JSON.stringify([run.runId, job.namespace, job.name, eventType ?? null, eventTime, inputs, outputs]))
      .digest('hex')
    await journal.change({ actor }, async (change) => {
      const taken = await change.db
        .insertInto('lineage_events')
        .values({ project, key, received_at: change.now })
        .onConflict((c) => c.columns(['project', 'key']).doNothing())
        .executeTakeFirst()
      if (!taken.numInsertedOrUpdatedRows) return
      change.append({
        type: 'lineage.received',
        project,
        subject: `external_job/${job.namespace}/${job.name}`,
        data: {
          job: `${job.namespace}/${job.name}`,
          run: run.runId,
          state: eventType ?? 'OTHER',
          ...{ producer, inputs, outputs, columns },
        },
      })
    })
  }
}
