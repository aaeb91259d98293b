import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { featureComparison, predictionRows } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointDetail } from '../../protocols/kedge/schemas/serving.ts'
import { seededRandom } from '../../statistics/seeded-random.ts'
import type { ApiClient } from '../api-client.ts'

type Value = number | string | null
export type Features = Record<string, Value>

export interface ValidRows {
  rows: Features[]
  /** where they come from */
  origin: 'recorded' | 'reference' | 'signature'
}

const wanted = 200
const levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

/**
 * Rows that an endpoint accepts: those on record when there are some, else drawn from the reference profile of its model,
 * else made up from its signature. Errors: `unsupported` when the model does not name its features.
 */
export async function validRows(
  api: ApiClient,
  base: string,
  endpoint: Pick<z.output<typeof endpointDetail>, 'features' | 'traffic' | 'spec'>,
): Promise<ValidRows> {
  const { features } = endpoint
  if (!features?.length)
    throw new KedgeError('unsupported', { what: 'Making rows for a model that does not name its features' })
  const masked = (name: string) => Object.hasOwn(endpoint.spec.record.personal, name)
  const recorded = await ask<z.output<typeof predictionRows>>(api, `${base}/predictions`, { limit: wanted })
  const rows = (recorded?.items ?? [])
    .filter((row) => features.some(({ name }) => row.features[name] !== undefined))
    .map(
      (row): Features =>
        Object.fromEntries(features.map(({ name }) => [name, masked(name) ? null : (row.features[name] ?? null)])),
    )
  if (rows.length > 0) return { rows, origin: 'recorded' }

  const random = seededRandom(1)
  const revision = [...endpoint.traffic].sort((a, b) => b.percent - a.percent)[0]?.revision
  const drawn = await Promise.all(
    features.map(async ({ name, type }) => {
      const profile = await ask<z.output<typeof featureComparison>>(
        api,
        `${base}/features/${encodeURIComponent(name)}/comparison`,
        { revision },
      )
      const draw = profile && drawerOf(profile)
      const made = () => (type === 'number' ? random() : 'A')
      return { known: draw !== undefined, values: Array.from({ length: wanted }, () => draw?.(random) ?? made()) }
    }),
  )
  return {
    rows: Array.from(
      { length: wanted },
      (_, row): Features => Object.fromEntries(features.map(({ name }, i) => [name, drawn[i]!.values[row] ?? null])),
    ),
    origin: drawn.some(({ known }) => known) ? 'reference' : 'signature',
  }
}

/** What is not there, or cannot be asked now, is no reason not to measure. */
const ask = <T>(api: ApiClient, path: string, query: Record<string, string | number | undefined>) =>
  api.get<T>(path, query).catch((error: KedgeError) => {
    if (['not_found', 'unavailable', 'conflict'].includes(error.class)) return undefined
    throw error
  })

/** Draws values as the reference has them. */
function drawerOf({
  type,
  against,
  categories,
}: z.output<typeof featureComparison>): ((random: () => number) => Value) | undefined {
  if (!against || against.rows === 0) return undefined
  if (type === 'numeric') {
    const { quantiles } = against
    if (!quantiles) return undefined
    const values = [
      quantiles.p01,
      quantiles.p05,
      quantiles.p25,
      quantiles.p50,
      quantiles.p75,
      quantiles.p95,
      quantiles.p99,
    ]
    return (random) => {
      const level = 0.01 + 0.98 * random()
      const i = Math.max(
        1,
        levels.findIndex((upper) => level <= upper),
      )
      const share = (level - levels[i - 1]!) / (levels[i]! - levels[i - 1]!)
      return values[i - 1]! + share * (values[i]! - values[i - 1]!)
    }
  }
  const all = against.counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return undefined
  return (random) => {
    let left = random() * all
    const i = against.counts.findIndex((count) => {
      left -= count
      return left < 0
    })
    return categories[Math.max(0, i)] ?? 'A'
  }
}
