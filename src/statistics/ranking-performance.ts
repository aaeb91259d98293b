import { meanEstimate, momentsOf } from './moments.ts'
import type { Estimate, Measured } from './too-few-samples.ts'

/** One query: the scores that order its items, and how relevant each item is (≥ 0; relevant when above 0). */
export interface RankedQuery {
  scores: readonly number[]
  relevance: readonly number[]
}

export interface RankingPerformance {
  /** mean over queries of DCG@k / ideal DCG@k, gains Σ relevance / log₂(rank + 1); queries without relevant items count 0 */
  ndcg: Measured<Estimate>
  /** mean over queries of the average precision; queries without relevant items are left out */
  map: Measured<Estimate>
  /** mean of 1 / rank of the first relevant item (ties take their worst rank); 0 where there is none within k */
  mrr: Measured<Estimate>
  /** share of queries with a relevant item within the first k */
  hitRate: Measured<Estimate>
}

const descending = (scores: readonly number[]) => scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!)

/** Runs of equal scores, from the highest: the items of each and how many come before. */
function runs({ scores }: RankedQuery): { items: number[]; before: number }[] {
  const found: { items: number[]; before: number }[] = []
  const order = descending(scores)
  order.forEach((item, i) => {
    const last = found.at(-1)
    if (last && scores[last.items[0]!] === scores[item]) last.items.push(item)
    else found.push({ items: [item], before: i })
  })
  return found
}

/** DCG with tied items sharing their mean gain (McSherry & Najork 2008). */
function gain(query: RankedQuery, k: number): number {
  let sum = 0
  for (const { items, before } of runs(query)) {
    const mean = items.reduce((s, item) => s + query.relevance[item]!, 0) / items.length
    for (let rank = before + 1; rank <= Math.min(k, before + items.length); rank++) sum += mean / Math.log2(rank + 1)
  }
  return sum
}

/** DCG@k over its largest possible value; 0 where nothing is relevant. */
export function normalisedGain(query: RankedQuery, k = Infinity): number {
  const ideal = gain({ scores: query.relevance, relevance: query.relevance }, k)
  return ideal > 0 ? gain(query, k) / ideal : 0
}

/** Σ (recall gained) · precision over the distinct scores (scikit-learn's average precision); NaN without relevant items. */
export function averagePrecision(query: RankedQuery): number {
  let relevant = 0
  let sum = 0
  for (const { items, before } of runs(query)) {
    const found = items.filter((item) => query.relevance[item]! > 0).length
    relevant += found
    sum += (found * relevant) / (before + items.length)
  }
  return relevant > 0 ? sum / relevant : Number.NaN
}

/** 1 / rank of the first relevant item within k; ties take the worst rank of their run. */
export function reciprocalRank(query: RankedQuery, k = Infinity): number {
  const first = runs(query).find(({ items }) => items.some((item) => query.relevance[item]! > 0))
  const rank = first ? first.before + first.items.length : Infinity
  return rank <= k ? 1 / rank : 0
}

/** The usual measures of rankings over queries, with Student's intervals over queries. Needs `minimum` queries. */
export function rankingPerformance(
  queries: readonly RankedQuery[],
  k = 10,
  confidence = 0.95,
  minimum = 30,
): RankingPerformance {
  const mean = (values: number[]) => meanEstimate(momentsOf(values), confidence, minimum)
  const ranks = queries.map((query) => reciprocalRank(query, k))
  return {
    ndcg: mean(queries.map((query) => normalisedGain(query, k))),
    map: mean(queries.map(averagePrecision).filter((x) => !Number.isNaN(x))),
    mrr: mean(ranks),
    hitRate: mean(ranks.map((x) => (x > 0 ? 1 : 0))),
  }
}
