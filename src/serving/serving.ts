import type { ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { Environment } from '../environment.ts'
import { asKedgeError } from '../errors.ts'
import { type Reader, startReader } from '../journal/reader.ts'
import { createCapacities } from './capacity.ts'
import { createDeploy } from './deploy.ts'
import { findEndpoint, specOf } from './endpoint-rows.ts'
import { createEndpoints } from './endpoints.ts'
import { startFeatureReader } from './feature-reader.ts'
import type { ServingDatasets } from './feature-source.ts'
import type { InputProfileSource } from './input-profiles.ts'
import type { PerformanceSource } from './paired-loss.ts'
import { createRecordedSample } from './recorded-sample.ts'
import { createReleases } from './releases.ts'
import { createRequestReports } from './request-reports.ts'
import { createRevisionReports } from './revision-reports.ts'
import { createRoutingSource } from './routing-source.ts'
import type { ServingRegistry } from './serving-registry.ts'

export interface ServingDependencies {
  environment: Environment
  registry: ServingRegistry
  analyses: readonly ReleaseAnalysis[]
  /** the analysis `performance` says that no truth has come when this is absent */
  performance?: PerformanceSource
  /** what the reference of a revision has; without it every input passes */
  inputProfile?: InputProfileSource
  /** where endpoints look features up; without it none can */
  datasets?: ServingDatasets
  /** key of a project's pseudonyms, sealed for inference processes; absent: they derive it themselves */
  sealedKey?(project: string): string
}

/** Puts the domain together and registers its jobs. */
export function createServing(deps: ServingDependencies) {
  const { environment, registry, analyses, performance, inputProfile, datasets, sealedKey } = deps
  const reports = createRevisionReports(environment)
  const releases = createReleases({ environment, registry, reports, analyses, performance })
  const endpoints = createEndpoints({ environment, registry, reports, releases, analyses })
  const deploy = createDeploy({ environment, registry, endpoints, releases, reports })
  const requests = createRequestReports(environment.clock)
  reports.subscribe(requests.take)
  const readers: Reader[] = []

  return {
    endpoints,
    releases,
    reports,
    capacities: createCapacities(environment),
    /** The slowest and the failed requests of an endpoint. Errors: `not_found`. */
    requests: async (project: string, name: string) =>
      requests.of((await findEndpoint(environment.store.read, project, name)).id),
    routing: createRoutingSource(environment, { profileOf: inputProfile, datasets, sealedKey }),
    deploy,
    sample: createRecordedSample({ environment, registry }),
    analyses,

    /** Begins to release what passes its gate, and to serve the features of new dataset versions. */
    start() {
      if (readers.length > 0) return
      readers.push(startFeatureReader(environment))
      const releasing = startReader(environment, {
        name: 'serving.releases',
        types: ['gate.passed'],
        async handle(event, change) {
          const { model, version } = event.data
          const rows = await change.db
            .selectFrom('endpoints')
            .selectAll()
            .where('project', '=', event.project)
            .where('model', '=', model)
            .execute()
          for (const endpoint of rows) {
            if (!specOf(endpoint).automatic) continue
            await releases.startIn(change, endpoint, { version }).catch((error) => {
              // deleted, or without files: nothing that trying again would mend
              const known = asKedgeError(error)
              if (known.class !== 'not_found' && known.class !== 'conflict') throw error
              environment.log.warn(
                { endpoint: endpoint.name, model, version, err: error },
                'a version that passed its gate cannot be released',
              )
            })
          }
        },
      })
      readers.push(releasing)
    },
    async stop() {
      await Promise.all(readers.map((reader) => reader.stop()))
    },
  }
}

export type Serving = ReturnType<typeof createServing>
