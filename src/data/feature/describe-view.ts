import type { ColumnType } from '../../contracts/column.ts'
import type { Environment } from '../../environment.ts'
import { asKedgeError } from '../../errors.ts'
import type { DatasetVersionSummary } from '../version/dataset-version.ts'
import type { DeclaredView } from './declared-views.ts'
import { entityOf, type FeatureViewSpec } from './feature-view-spec.ts'
import type { OnlineFeatures } from './online-features.ts'
import type { FeaturePlan } from './plan-features.ts'

/** How far served values were from those of training, by the newest comparison with an endpoint's predictions. */
export interface FeatureSkew {
  endpoint: string
  samples: number
  /** share of the predictions whose value differs */
  different: number
  /** mean of the absolute differences of numbers; null for others */
  meanDifference: number | null
  computedAt: number
}

export interface DescribedFeature {
  name: string
  /** null while there is no version of the dataset */
  type: ColumnType | null
  /** `last`, an aggregate, or `request` */
  how: string
  /** expression that it is made of; null: all rows */
  of: string | null
  where: string | null
  /** milliseconds; null without a window */
  over: number | null
  description: string | null
  skew: FeatureSkew[]
}

export interface DescribedView {
  project: string
  name: string
  owner: string | null
  description: string | null
  dataset: string
  entity: string[]
  time: string | null
  /** milliseconds; null: for ever */
  ttl: number | null
  features: DescribedFeature[]
  request: Record<string, ColumnType>
  /** why it cannot be used now; null when it can */
  problem: string | null
  /** rows reach lookups as they land; else with each version */
  live: boolean
  /** the version of the dataset that lookups begin with */
  version: number | null
  entities: number | null
  /** milliseconds since 1970 of the newest row that lookups know */
  newest: number | null
  /** milliseconds since then */
  freshness: number | null
  specDigest: string
  spec: FeatureViewSpec
  createdAt: number
  updatedAt: number
}

const milliseconds = (microseconds: number | null | undefined) => (microseconds == null ? null : microseconds / 1000)

export function createDescribeView({
  environment: { store, clock },
  planned,
  online,
}: {
  environment: Pick<Environment, 'store' | 'clock'>
  planned(view: DeclaredView): Promise<{ plan: FeaturePlan; version: DatasetVersionSummary }>
  online: Pick<OnlineFeatures, 'state'>
}): (view: DeclaredView) => Promise<DescribedView> {
  return async (view) => {
    const { project, name, spec } = view
    let plan: FeaturePlan | undefined
    let problem: string | null = null
    try {
      plan = (await planned(view)).plan
    } catch (error) {
      problem = asKedgeError(error).message
    }
    const { live, base, newest } = await online.state(view)
    const skews = await store.read
      .selectFrom('feature_skews')
      .selectAll()
      .where('project', '=', project)
      .where('view', '=', name)
      .execute()
    const skewOf = (feature: string): FeatureSkew[] =>
      skews
        .filter((row) => row.feature === feature)
        .map((row) => ({
          endpoint: row.endpoint,
          samples: Number(row.samples),
          different: Number(row.different) / Math.max(1, Number(row.samples)),
          meanDifference: row.mean_difference,
          computedAt: Number(row.computed_at),
        }))
    const typeOf = (feature: string) =>
      [...(plan?.features ?? []), ...(plan?.onDemand ?? [])].find((one) => one.name === feature)?.type ?? null
    const features = Object.entries(spec.features).map(([feature, given]): DescribedFeature => {
      const one: Record<string, unknown> = typeof given === 'string' ? { last: given } : given
      const how = Object.keys(one).find((key) => !['over', 'where', 'description'].includes(key))!
      return {
        ...{ name: feature, type: typeOf(feature), how, of: one[how] === true ? null : String(one[how]) },
        where: (one.where as string | undefined) ?? null,
        over: milliseconds(plan?.features.find((planned) => planned.name === feature)?.over),
        description: (one.description as string | undefined) ?? null,
        skew: skewOf(feature),
      }
    })
    for (const [feature, of] of Object.entries(spec.on_demand))
      features.push({
        ...{ name: feature, type: typeOf(feature), how: 'request', of, where: null, over: null, description: null },
        skew: skewOf(feature),
      })
    return {
      ...{ project, name, owner: spec.owner ?? null, description: spec.description ?? null, dataset: spec.from },
      ...{ entity: entityOf(spec), time: spec.time ?? null, ttl: milliseconds(plan?.ttl) },
      ...{ features, request: spec.request, problem, live },
      version: base?.version ?? null,
      entities: base?.entities ?? null,
      newest,
      freshness: newest === null ? null : Math.max(0, clock() - newest),
      specDigest: view.specDigest,
      spec,
      createdAt: view.createdAt,
      updatedAt: view.updatedAt,
    }
  }
}
