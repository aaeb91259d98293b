import { z } from 'zod'
import { type ChannelSpec, channelSpec } from '../automation/channel-spec.ts'
import { ruleSpec } from '../automation/rule-spec.ts'
import type { Channel } from '../contracts/channel.ts'
import { type DataExtensions, dataName, datasetSpec, sourceSpec } from '../data/dataset-spec.ts'
import { featureViewSpec, trainingSetSpec } from '../data/feature/feature-view-spec.ts'
import { projectName } from '../governance/projects.ts'
import { externalEndpointSpec } from '../monitoring/log-endpoint-spec.ts'
import { monitorSettings } from '../monitoring/monitor-settings.ts'
import { partName, pipelineSpec } from '../pipelines/pipeline-spec.ts'
import { modelSpec } from '../registry/model-spec.ts'
import { endpointSpec } from '../serving/endpoint-spec.ts'

/** The kinds that a project may name, by the generated indexes of the adapter folders. */
export interface ProjectExtensions extends DataExtensions {
  channels: readonly Channel[]
}

const publicName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, dot, underscore and dash; at most 100 of them')

/** The schema of a whole kedge.yaml, put together from the schemas that the domains own. */
export const projectFileSpec = (extensions: ProjectExtensions) =>
  z
    .strictObject({
      $schema: z.string().optional().meta({ description: 'address of this schema, for editors' }),
      project: z
        .string()
        .regex(projectName, 'small letters, digits, - and _; at most 63 of them')
        .meta({ description: 'what everything in the file belongs to' }),
      sources: z
        .record(dataName, sourceSpec(extensions.sources))
        .default({})
        .meta({ description: 'where rows come from' }),
      datasets: z
        .record(dataName, datasetSpec(extensions))
        .default({})
        .meta({ description: 'rows of a source, curated and checked; each pull makes a version' }),
      features: z
        .record(dataName, featureViewSpec)
        .default({})
        .meta({ description: 'feature views: features of entities, defined once for training and serving' }),
      training_sets: z
        .record(dataName, trainingSetSpec)
        .default({})
        .meta({ description: 'labels with the features as they were known then; each is made like a dataset' }),
      pipelines: z
        .record(partName, pipelineSpec)
        .default({})
        .meta({ description: 'steps that make models and other outputs' }),
      models: z
        .record(publicName, modelSpec)
        .default({})
        .meta({ description: 'registered models and the gate that a new version must pass' }),
      endpoints: z
        .record(publicName, z.union([endpointSpec, externalEndpointSpec]))
        .default({})
        .meta({ description: 'where predictions are asked for, and how a new version comes there' }),
      monitors: z
        .record(publicName, monitorSettings)
        .default({})
        .meta({ description: 'by endpoint; a complete set exists without this' }),
      automation: z.array(ruleSpec).max(200).default([]).meta({ description: 'what happens by itself' }),
      channels: z
        .record(partName, channelSpec(extensions.channels) as z.ZodType<ChannelSpec>)
        .default({})
        .meta({ description: 'who is told of what happens' }),
    })
    .meta({ id: 'KedgeProject', title: 'kedge.yaml' })

export type ProjectFile = z.output<ReturnType<typeof projectFileSpec>>
