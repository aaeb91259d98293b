import type { Environment } from '../environment.ts'
import type { Explanations, Instance } from '../serving/explain/explanation.ts'
import { attributionDrift } from '../statistics/attribution-drift.ts'
import { dayText } from './event-day.ts'
import type { ExplainedVersion } from './explanation-model.ts'
import {
  type Baseline,
  type ExplainedDay,
  type ExplanationStore,
  explainedDay,
  type StoredDrift,
} from './explanation-store.ts'

/** Rows of a reference that are explained, and of each side of a drift. */
export const baselineRows = 300
/** below it a reference says nothing */
const fewest = 30

export interface ExplanationBaselines {
  /** What a day is compared with; `explain` is asked for the reference of a version that was not explained yet. */
  of(
    at: { project: string; scope: string; day: number; revision: number },
    version: ExplainedVersion,
    like: Explanations,
    explain: (instances: readonly Instance[]) => Promise<Explanations>,
  ): Promise<Baseline | { missing: string }>
  /** The drift of explained rows against it. */
  drift(
    project: string,
    baseline: Baseline | { missing: string },
    current: readonly ArrayLike<number>[],
  ): Promise<StoredDrift>
}

/** Attributions of the reference; of a version without one those of the first day that was explained. */
export function createExplanationBaselines(deps: {
  environment: Pick<Environment, 'clock'>
  store: ExplanationStore
  /** rows of the reference that stand for it */
  reference(version: ExplainedVersion, most: number): Promise<Instance[]>
}): ExplanationBaselines {
  const { environment, store, reference } = deps

  return {
    async of({ project, scope, day, revision }, version, like, explain) {
      const same = ({ definition }: ExplainedDay) =>
        definition?.method === like.method &&
        definition.unit === like.unit &&
        definition.features.join() === like.features.join()
      if (version.reference === null) {
        const before = await store.days(project, scope, { from: 0, to: day, revision })
        const first = before.find((one) => one.state === 'explained' && same(one))
        if (!first) return { missing: 'no reference; later days are compared with this one' }
        return { scope, day: first.day, revision, text: `the first explained day, ${dayText(first.day)}` }
      }
      const own = `model/${version.model}/${version.version}`
      const [kept] = await store.days(project, own, { from: 0, to: 1 })
      const baseline = { scope: own, day: 0, revision: 0, text: `reference ${own}` }
      if (kept?.state === 'explained' && same(kept) && kept.definition?.reference === version.reference) return baseline
      const instances = await reference(version, baselineRows)
      if (instances.length < fewest) return { missing: `the reference has ${instances.length} rows` }
      const explained = await explain(instances)
      const n = explained.scores.length
      const at = { project, scope: own, day: 0, revision: 0, computedAt: environment.clock(), rows: n }
      const rows = explained.scores.map((_, i) => ({ id: String(i), time: 0 }))
      await store.write(at, rows, explained, new Map([['', rows.map((_, i) => i)]]))
      const made = explainedDay(at, explained, null, version.reference)
      await store.record(project, own, made)
      return same(made) ? baseline : { missing: `the reference is explained by ${explained.method}` }
    },

    async drift(project, baseline, current) {
      if ('missing' in baseline) return baseline
      const { scope, day, revision } = baseline
      const kept = await store.days(project, scope, { from: day, to: day + 1, revision })
      const expected = await store.attributions(project, scope, kept, baselineRows)
      const found = attributionDrift(
        expected.map(({ attributions }) => attributions),
        current,
      )
      if (!found.ok) return { missing: `${found.had} of at least ${found.needed} ${found.of}` }
      const { ok: _, ...drift } = found
      return { ...drift, against: baseline }
    },
  }
}
