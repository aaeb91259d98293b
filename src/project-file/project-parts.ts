import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { Automation } from '../automation/automation.ts'
import { channelSpec } from '../automation/channel-spec.ts'
import { ruleSpec } from '../automation/rule-spec.ts'
import type { Data } from '../data/data.ts'
import { datasetSpec, sourceSpec } from '../data/dataset-spec.ts'
import { type ExternalEndpointSpecInput, isExternal } from '../monitoring/log-endpoint-spec.ts'
import type { LoggedModels } from '../monitoring/logged-models.ts'
import { monitorSettings } from '../monitoring/monitor-settings.ts'
import type { Monitoring } from '../monitoring/monitoring.ts'
import { codeOf } from '../pipelines/pipeline-files.ts'
import { type PipelineSpec, wholeSteps } from '../pipelines/pipeline-spec.ts'
import type { Pipelines } from '../pipelines/pipelines.ts'
import { type ModelSpec, modelSpec } from '../registry/model-spec.ts'
import type { Registry } from '../registry/registry.ts'
import type { EndpointSpecInput } from '../serving/endpoint-spec.ts'
import type { Serving } from '../serving/serving.ts'
import { checkEndpoint } from './check-endpoint.ts'
import { checkMonitors } from './check-monitors.ts'
import { findingOf } from './check-parts.ts'
import { featureViewPart } from './feature-view-part.ts'
import type { ProjectExtensions } from './project-file-spec.ts'
import type { ProjectFiles, ProjectPart } from './project-part.ts'

/** The domains that keep what a project file declares. */
export interface ProjectServices {
  data: Data
  registry: Registry
  pipelines: Pipelines
  serving: Serving
  monitoring: Monitoring
  logged: LoggedModels
  automation: Automation
}

/** The sections of the project file as their domains keep them, in order of dependence. */
export function projectParts(services: ProjectServices, extensions: ProjectExtensions): ProjectPart[] {
  const { data, registry, pipelines, serving, monitoring, logged, automation } = services
  const source = sourceSpec(extensions.sources)
  const dataset = datasetSpec(extensions)
  const channel = channelSpec(extensions.channels)
  return [
    {
      kind: 'source',
      list: async (project) =>
        (await data.sources.list(project)).map(({ name, config }) => ({ name, spec: complete(source, config) })),
      put: async (context, project, name, spec) => void (await data.sources.put(context, project, name, spec)),
      remove: data.sources.remove,
    },
    {
      kind: 'dataset',
      list: async (project) =>
        (await data.datasets.list(project)).map(({ name, spec }) => ({ name, spec: complete(dataset, spec) })),
      put: async (context, project, name, spec) => void (await data.datasets.put(context, project, name, spec)),
      async check({ project, name, given, content }) {
        if (typeof given !== 'object' || given === null) return []
        const { from } = given as { from?: unknown }
        const declared = (content.sources as Record<string, unknown> | null)?.[String(from)]
        if (!source.safeParse(declared).success) return []
        const mistakes = await data.datasets.check(project, name, given, declared)
        return mistakes.map((mistake) => ({ ...mistake, at: 'value' }))
      },
      remove: data.datasets.remove,
    },
    featureViewPart(data, dataset),
    {
      kind: 'training_set',
      list: async (project) =>
        (await data.features.trainingSets.list(project)).map(({ name, spec }) => ({ name, spec })),
      put: async (context, project, name, spec) =>
        void (await data.features.trainingSets.put(context, project, name, spec)),
      remove: data.features.trainingSets.remove,
    },
    {
      kind: 'model',
      list: async (project) =>
        (await registry.models.list(project)).map(({ name, spec }) => ({
          name,
          spec: complete(modelSpec, spec ?? {}),
        })),
      put: (context, project, name, spec) =>
        registry.models.put(context, project, name, modelSpec.parse(spec) as ModelSpec),
    },
    {
      kind: 'pipeline',
      list: async (project) =>
        (await pipelines.list(project)).map(({ name, spec, files }) => ({
          name,
          spec,
          files: Object.fromEntries(Object.entries(files).map(([path, { digest }]) => [path, digest])),
        })),
      put: async (context, project, name, spec, files) =>
        void (await pipelines.put(context, project, name, spec, ownFiles(spec as PipelineSpec, files))),
      check({ given, files }) {
        const steps = wholeSteps(given)
        return pipelines.checkSteps(steps, ownFiles({ steps }, files)).map(findingOf)
      },
      remove: pipelines.remove,
      files: (spec, files) =>
        Object.fromEntries(
          Object.entries(ownFiles(spec as PipelineSpec, files)).map(([path, contents]) => [
            path,
            createHash('sha256').update(contents).digest('hex'),
          ]),
        ),
    },
    {
      kind: 'endpoint',
      list: async (project) =>
        [...(await serving.endpoints.list(project)), ...(await logged.endpoints.list(project))].map(
          ({ name, spec }) => ({ name, spec }),
        ),
      async put(context, project, name, spec) {
        const key = { project, endpoint: name }
        if (isExternal(spec)) await logged.declare(context, key, spec as ExternalEndpointSpecInput)
        else {
          await logged.refuseExternal(key)
          await serving.endpoints.put(context, project, name, spec as EndpointSpecInput)
        }
      },
      async check({ project, given, content }) {
        const models = (await registry.models.list(project)).map(({ name }) => name)
        return checkEndpoint(given, content, { models, analyses: serving.analyses })
      },
      remove: async (context, project, name) =>
        (await logged.endpoints.find({ project, endpoint: name }))
          ? logged.endpoints.delete(context, { project, endpoint: name })
          : serving.endpoints.delete(context, project, name),
    },
    {
      kind: 'monitors',
      async list(project) {
        const found = await Promise.all(
          [...(await serving.endpoints.list(project)), ...(await logged.endpoints.list(project))].map(
            async ({ name }) => ({
              name,
              ...(await monitoring.settings({ project, endpoint: name })),
            }),
          ),
        )
        return found.filter(({ changed }) => changed).map(({ name, settings }) => ({ name, spec: settings }))
      },
      async check({ project, name, given }) {
        const { features } = await serving.endpoints.get(project, name).catch(() => ({ features: null }))
        return checkMonitors(given, { ...monitoring.catalogue, features: features?.map((feature) => feature.name) })
      },
      put: async (context, project, name, spec) =>
        void (await monitoring.configure(context, { project, endpoint: name }, monitorSettings.parse(spec))),
      remove: async (context, project, name) =>
        void (await monitoring.configure(context, { project, endpoint: name }, {})),
    },
    {
      kind: 'channel',
      list: async (project) =>
        (await automation.channels.list(project)).map(({ name, spec }) => ({ name, spec: complete(channel, spec) })),
      put: async (context, project, name, spec) => void (await automation.channels.put(context, project, name, spec)),
      remove: automation.channels.remove,
    },
    {
      kind: 'rule',
      list: async (project) =>
        (await automation.rules.list(project)).map(({ name, spec }) => ({ name, spec: complete(ruleSpec, spec) })),
      put: async (context, project, name, spec) => void (await automation.rules.put(context, project, name, spec)),
      remove: automation.rules.remove,
    },
  ]
}

/** What was stored as it was written, with the defaults of this version filled in. */
const complete = (schema: z.ZodType, stored: unknown): unknown => {
  const parsed = schema.safeParse(stored)
  return parsed.success ? parsed.data : stored
}

/** Of the files that came with the project file, those that one pipeline names. */
function ownFiles(spec: Pick<PipelineSpec, 'steps'>, files: ProjectFiles): Record<string, Uint8Array> {
  const paths = Object.keys(files)
  const own = new Set(
    Object.values(spec.steps).flatMap((step) => [
      ...codeOf(step, paths),
      ...(step.environment && paths.includes(step.environment.python) ? [step.environment.python] : []),
    ]),
  )
  return Object.fromEntries([...own].map((path) => [path, files[path]!]))
}
