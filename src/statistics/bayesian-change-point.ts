import { logGamma } from './gamma.ts'

export interface ChangePointPrior {
  /** of the mean, and how many rows it is worth */
  mean: number
  weight: number
  /** the variance is inverse gamma (shape, scale): a typical variance is scale / shape */
  shape: number
  scale: number
}

/** One hypothesis: its chance that the last change was `length` rows ago, and what is known of the rows since. */
interface Run extends ChangePointPrior {
  length: number
  logChance: number
}

/** Plain data, so that it can be kept between windows. */
export interface ChangePoint {
  runs: Run[]
}

export const newChangePoint = (prior: ChangePointPrior): ChangePoint => ({
  runs: [{ ...prior, length: 0, logChance: 0 }],
})

/** ln of Student's density with 2·shape degrees of freedom, the prediction of a normal with unknown mean and variance. */
function logPrediction(run: Run, x: number): number {
  const df = 2 * run.shape
  const scale = (run.scale * (run.weight + 1)) / (run.shape * run.weight)
  const z = (x - run.mean) ** 2 / scale
  return (
    logGamma((df + 1) / 2) -
    logGamma(df / 2) -
    0.5 * Math.log(df * Math.PI * scale) -
    ((df + 1) / 2) * Math.log1p(z / df)
  )
}

const after = (run: Run, x: number): Omit<Run, 'logChance'> => ({
  length: run.length + 1,
  mean: (run.weight * run.mean + x) / (run.weight + 1),
  weight: run.weight + 1,
  shape: run.shape + 0.5,
  scale: run.scale + (run.weight * (x - run.mean) ** 2) / (2 * (run.weight + 1)),
})

/**
 * One step of Bayesian online change point detection (Adams & MacKay 2007) for normal rows with unknown mean and variance
 * and a constant hazard of one change in `expected` rows. `chances[length]` is the chance that the last change was so many
 * rows ago; `length` the likeliest. Keeps the `most` likeliest hypotheses (their chances sum to 1 again). NaN changes
 * nothing.
 */
export function changePointStep(
  state: ChangePoint,
  x: number,
  { prior, expected = 250, most = 500 }: { prior: ChangePointPrior; expected?: number; most?: number },
): { state: ChangePoint; length: number; chances: Map<number, number> } {
  let runs = state.runs
  if (!Number.isNaN(x)) {
    const weighted = runs.map((run) => run.logChance + logPrediction(run, x))
    const grown = runs.map((run, i) => ({ ...after(run, x), logChance: weighted[i]! + Math.log1p(-1 / expected) }))
    const changed: Run = { ...prior, length: 0, logChance: logSum(weighted) - Math.log(expected) }
    runs = [changed, ...grown]
    if (runs.length > most) {
      const least = runs.map((run) => run.logChance).sort((a, b) => b - a)[most - 1]!
      runs = runs.filter((run) => run.logChance >= least)
    }
    const all = logSum(runs.map((run) => run.logChance))
    runs = runs.map((run) => ({ ...run, logChance: run.logChance - all }))
  }
  const likeliest = runs.reduce((best, run) => (run.logChance > best.logChance ? run : best))
  return {
    state: { runs },
    length: likeliest.length,
    chances: new Map(runs.map((run) => [run.length, Math.exp(run.logChance)])),
  }
}

function logSum(logs: readonly number[]): number {
  const largest = logs.reduce((a, b) => Math.max(a, b), -Infinity)
  return largest + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - largest), 0))
}
