import type { Environment } from '../environment.ts'
import { limits } from './limits.ts'
import { decodePage, nextPage } from './page-token.ts'
import type { MetricPoint } from './run.ts'
import type { Runs } from './runs.ts'
import { fromStored } from './stored-value.ts'

/** The points of metrics over time. */
export function createMetricHistory(environment: Pick<Environment, 'store'>, runs: Runs) {
  const { store } = environment

  const seriesOf = async (run: number, key: string) =>
    (
      await store.read
        .selectFrom('metric_series')
        .select('id')
        .where('run', '=', run)
        .where('key', '=', key)
        .executeTakeFirst()
    )?.id

  const points = (series: number) =>
    store.read.selectFrom('metric_points').select(['step', 'time', 'value']).where('series', '=', series)
  const shown = (row: MetricPoint): MetricPoint => ({ step: row.step, time: row.time, value: fromStored(row.value) })

  return {
    /** All points by time, step and value; a page of them when `maxResults` is given. */
    async get(
      project: string,
      runId: string,
      key: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined } = {},
    ) {
      const run = await runs.find(project, runId)
      const series = await seriesOf(run.number, key)
      if (series === undefined) return { items: [] as MetricPoint[] }
      const ordered = points(series).orderBy('time').orderBy('step').orderBy('value')
      if (page.maxResults === undefined) return { items: (await ordered.execute()).map(shown) }
      const { offset } = decodePage(page.pageToken)
      const limit = Math.min(page.maxResults, limits.history)
      const rows = await ordered
        .limit(limit + 1)
        .offset(offset)
        .execute()
      const items = rows.slice(0, limit).map(shown)
      return { items, ...nextPage(rows.length, limit, offset) }
    },

    /** The points of one metric in several runs, in the order of the run ids; of at most `limit` together. */
    async bulk(
      project: string,
      runIds: readonly string[],
      key: string,
      limit: number,
    ): Promise<(MetricPoint & { runId: string })[]> {
      const found: (MetricPoint & { runId: string })[] = []
      for (const runId of [...runIds].sort()) {
        const run = await runs.find(project, runId)
        const series = await seriesOf(run.number, key)
        if (series === undefined || found.length >= limit) continue
        const rows = await points(series)
          .orderBy('time')
          .orderBy('step')
          .orderBy('value')
          .limit(limit - found.length)
          .execute()
        for (const row of rows) found.push({ ...shown(row), runId })
      }
      return found
    },

    /** Steps of `[from, to]`, thinned evenly over the steps of all runs to about `most` a run, first and last kept. */
    async interval(project: string, runIds: readonly string[], key: string, most: number, from?: number, to?: number) {
      const series = new Map<number, string>()
      for (const runId of runIds) {
        const run = await runs.find(project, runId)
        const id = await seriesOf(run.number, key)
        if (id !== undefined) series.set(id, runId)
      }
      if (series.size === 0) return []
      let steps = store.read
        .selectFrom('metric_points')
        .select('step')
        .distinct()
        .where('series', 'in', [...series.keys()])
      if (from !== undefined && to !== undefined) steps = steps.where('step', '>=', from).where('step', '<=', to)
      const all = (await steps.orderBy('step').execute()).map((row) => row.step)
      const kept = new Set<number>()
      const stride = Math.max(1, all.length / most)
      for (let i = 0; i < all.length; i += stride) kept.add(all[Math.floor(i)]!)
      if (all.length > 0) kept.add(all.at(-1)!)
      const found: (MetricPoint & { runId: string })[] = []
      for (const [id, runId] of series) {
        const rows = await points(id)
          .where('step', '>=', all[0] ?? 0)
          .where('step', '<=', all.at(-1) ?? 0)
          .orderBy('step')
          .orderBy('time')
          .execute()
        for (const row of rows) if (kept.has(row.step)) found.push({ ...shown(row), runId })
      }
      return found
    },
  }
}
