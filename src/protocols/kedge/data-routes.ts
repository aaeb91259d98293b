import type { FastifyInstance } from 'fastify'
import type { Data } from '../../data/data.ts'
import { correctionRoutes } from './correction-routes.ts'
import { datasetRoutes } from './dataset-routes.ts'
import { datasetVersionRoutes } from './dataset-version-routes.ts'
import { keptVersionRoutes } from './kept-version-routes.ts'
import { quarantineRoutes } from './quarantine-routes.ts'
import { sourceRoutes } from './source-routes.ts'

/** Sources, datasets and their versions over REST. */
export function dataRoutes(app: FastifyInstance, { data }: { data: Data }): void {
  sourceRoutes(app, data)
  datasetRoutes(app, data)
  datasetVersionRoutes(app, data)
  correctionRoutes(app, data)
  quarantineRoutes(app, data)
  keptVersionRoutes(app, data)
}
