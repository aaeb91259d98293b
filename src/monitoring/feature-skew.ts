import type { Environment } from '../environment.ts'
import type { EndpointSpec } from '../serving/endpoint-spec.ts'

/** A feature view, as far as it is compared. */
interface ComparedView {
  project: string
  name: string
}

export interface FeatureSkewMeter {
  /** Compares the newest predictions of every endpoint that looks the view up, and keeps what was found. */
  measure(view: ComparedView): Promise<void>
  /** Measures all views, now and every hour. */
  start(): Promise<void>
}

export interface FeatureSkewDeps {
  /** Types of the features that come from rows, by name. Errors: `not_found`; `dataset_empty`. */
  types(view: ComparedView): Promise<ReadonlyMap<string, string>>
  /** values by the definition of training */
  lookup(view: ComparedView, moments: readonly { key: string; at: number }[]): Promise<Record<string, unknown>[]>
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
  { types, lookup, endpoints }: FeatureSkewDeps,
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

  async function measure(view: ComparedView) {
    const { project, name } = view
    const using = (await endpoints.list(project)).filter(
      ({ spec }) => spec.features && 'view' in spec.features && spec.features.view === name,
    )
    const known = using.length > 0 ? await types(view) : new Map<string, string>()
    for (const { name: endpoint } of using) {
      const rows = await recordedOf(project, endpoint, name)
      if (rows.length === 0) continue
      const trained = await lookup(view, rows)
      const found = [...known].flatMap(([feature, type]) => {
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
        // one that cannot be compared now (its dataset has no version) is none of the others' concern
        await measure({ project, name }).catch((error) => environment.log.debug({ err: error, view: name }, 'no skew'))
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
