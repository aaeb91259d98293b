import type { DeclaredView } from '../data/feature/declared-views.ts'
import type { Features } from '../data/feature/features.ts'
import type { Environment } from '../environment.ts'
import type { EndpointSpec } from '../serving/endpoint-spec.ts'

export interface FeatureSkewMeter {
  /** Compares the newest predictions of every endpoint that looks the view up, and keeps what was found. */
  measure(view: DeclaredView): Promise<void>
  /** Measures all views, now and every hour. */
  start(): Promise<void>
}

export interface FeatureSkewDeps {
  features: Pick<Features, 'views' | 'online' | 'planned'>
  endpoints: { list(project: string): Promise<{ name: string; spec: EndpointSpec }[]> }
}

interface Recorded {
  key: string
  at: number
  numbers: Record<string, number>
  texts: Record<string, string>
}

const jobKind = 'monitoring.feature_skew'
const compared = 2000
const lookback = 7 * 86_400_000
/** models take single precision, and the record has what they took */
const tolerance = 1e-6

/**
 * How far the features that predictions were made with are from those that training has for the same entities and moments:
 * rows that landed late, a view that was behind, a definition that has changed since. Registers the job
 * `monitoring.feature_skew`.
 */
export function createFeatureSkew(
  environment: Environment,
  { features, endpoints }: FeatureSkewDeps,
): FeatureSkewMeter {
  const { store, events, jobs, journal, clock } = environment

  const recordedOf = (project: string, endpoint: string, view: string) =>
    events.query<Recorded>(
      `SELECT texts['$key'] AS key, toUnixTimestamp64Milli(time) AS at, numbers, texts FROM predictions FINAL
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND NOT shadow AND time > fromUnixTimestamp64Milli({from:Int64})
         AND startsWith(texts['$features'], {view:String}) AND texts['$key'] != '' AND NOT startsWith(texts['$key'], 'hash:')
       ORDER BY time DESC LIMIT ${compared}`,
      { project, endpoint, view: `${view}@`, from: clock() - lookback },
    )

  async function measure(view: DeclaredView) {
    const { project, name } = view
    const using = (await endpoints.list(project)).filter(
      ({ spec }) => spec.features && 'view' in spec.features && spec.features.view === name,
    )
    const { plan } = using.length > 0 ? await features.planned(view) : { plan: undefined }
    for (const { name: endpoint } of using) {
      const rows = await recordedOf(project, endpoint, name)
      if (rows.length === 0) continue
      const trained = await features.online.lookup(view, rows)
      const found = plan!.features.flatMap(({ name: feature, type }) => {
        const isServed = rows.some(({ numbers, texts }) => feature in numbers || feature in texts)
        return isServed ? [{ feature, ...compare(rows, trained, feature, type === 'time' || type === 'date') }] : []
      })
      await store.write(async ({ db, now }) => {
        for (const { feature, samples, different, meanDifference } of found) {
          const values = { samples, different, mean_difference: meanDifference, computed_at: now }
          await db
            .insertInto('feature_skews')
            .values({ project, view: name, feature, endpoint, ...values })
            .onConflict((c) => c.columns(['project', 'view', 'feature', 'endpoint']).doUpdateSet(values))
            .execute()
        }
      })
    }
  }

  jobs.handle<Record<string, never>>({
    kind: jobKind,
    concurrency: 1,
    async run() {
      const declared = await store.read
        .selectFrom('feature_declarations')
        .select(['project', 'name'])
        .where('kind', '=', 'feature_view')
        .execute()
      for (const { project, name } of declared) {
        const view = await features.views.find(project, name)
        // one that cannot be compared now (its dataset has no version) is none of the others' concern
        if (view) await measure(view).catch((error) => environment.log.debug({ err: error, view: name }, 'no skew'))
      }
      return {}
    },
  })

  return {
    measure,
    start: () =>
      journal.change({ actor: 'system' }, (change) =>
        jobs.schedule(change, { name: jobKind, kind: jobKind, project: '', payload: {}, cron: '17 * * * *' }),
      ),
  }
}

function compare(
  rows: readonly Recorded[],
  trained: readonly Record<string, unknown>[],
  feature: string,
  isTime: boolean,
) {
  let different = 0
  let sum = 0
  let numbers = 0
  for (const [i, row] of rows.entries()) {
    const value = trained[i]![feature] ?? null
    const then =
      isTime && typeof value === 'string' ? Date.parse(value) : typeof value === 'boolean' ? String(value) : value
    const served: number | string | null = row.numbers[feature] ?? (row.texts[feature] || null)
    if (typeof served === 'number' && typeof then === 'number') {
      const distance = Math.abs(served - then)
      numbers++
      sum += distance
      if (distance > tolerance * Math.max(1, Math.abs(then))) different++
    } else if (served !== then) different++
  }
  return { samples: rows.length, different, meanDifference: numbers === 0 ? null : sum / numbers }
}
