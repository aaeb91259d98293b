import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { compareWindow } from '../../comparison/compare-window.ts'
import { KedgeError } from '../../errors.ts'
import type { Monitoring } from '../../monitoring/monitoring.ts'
import { mediaTypes, renderReport, reportFormats } from '../../reports/render-report.ts'
import { route } from '../route.ts'
import { requestOf, windows } from './window-query.ts'

const day = (time: number) => new Date(time).toISOString().slice(0, 10)

/** The newest of the windows that are asked for as a document: HTML, PDF, JSON or Parquet. */
export function reportRoutes(
  app: FastifyInstance,
  { monitoring, clock }: { monitoring: Monitoring; clock: () => number },
): void {
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/endpoints/:endpoint/report',
    permission: 'read',
    summary: 'A report of the newest window of an endpoint against its reference, as one file that needs nothing else',
    tag: 'monitoring',
    params: z.object({ project: z.string(), endpoint: z.string() }),
    query: windows.extend({ format: z.enum(reportFormats).default('html') }),
    async handler({ params, query }, reply) {
      const found = await monitoring.views.newest(params, requestOf(query))
      if (!found.window)
        throw new KedgeError('not_found', { kind: 'A window with predictions of', name: params.endpoint })
      const { view, reference } = found.window
      const comparison = compareWindow({
        title: `${params.endpoint}, revision ${view.revision}, ${day(view.start)} to ${day(view.end)}`,
        label: `${day(view.start)} to ${day(view.end)}, ${found.definition.window}`,
        window: view,
        reference,
        threshold: found.threshold,
        settings: found.settings,
        watchers: monitoring.catalogue,
        madeAt: clock(),
      })
      const bytes = await renderReport(comparison, query.format)
      const name = `${params.endpoint}-${day(view.end)}.${query.format}`.replace(/[^\w.-]/g, '_')
      return reply
        .header('content-type', mediaTypes[query.format])
        .header('content-disposition', `${query.format === 'html' ? 'inline' : 'attachment'}; filename="${name}"`)
        .header('x-content-type-options', 'nosniff')
        .send(Buffer.from(bytes))
    },
  })
}
