import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { until } from './stand.ts'

const day = 86_400_000
const cities = ['Basel', 'Bern', 'Chur', 'Genf', 'Zug']

export const watchedStart = Date.UTC(2026, 0, 5)

export interface Watched {
  project: string
  endpoint: string
  days: number
  /** predictions a day */
  rows: number
  /** features besides amount, age, city and channel */
  features: number
  /** days at the end whose truth has not come */
  unlabelled: number
}

type Ask = (method: string, path: string, body?: unknown) => Promise<unknown>

/**
 * Logs predictions of a model that is served elsewhere, whose world changes after two thirds of the days: amounts
 * grow, ages go missing, a channel appears, and in Chur the model is wrong. Resolves when every window is evaluated.
 */
export async function logWatched(ask: Ask, { project, endpoint, days, rows, features, unlabelled }: Watched) {
  const base = `/api/v1/projects/${project}/endpoints/${endpoint}`
  const random = seededRandom(11)
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())
  const turn = Math.floor((days * 2) / 3)
  for (let at = 0; at < days; at++) {
    const late = at >= turn
    const items = Array.from({ length: rows }, (_, i) => {
      const city = cities[Math.floor(random() * cities.length)]!
      const age = Math.round(42 + 11 * normal())
      const amount = Math.round(Math.exp(4 + 0.8 * normal()) * (late ? 1.8 : 1))
      const score = 1 / (1 + Math.exp(1.2 - 0.04 * (age - 42) - 0.004 * (amount - 70) - (city === 'Genf' ? 0.9 : 0)))
      const truth = city === 'Chur' && late ? 0.9 - 0.6 * score : score
      return {
        id: `w${at}-${i}`,
        time: watchedStart + at * day + Math.floor((i * day) / rows),
        features: {
          amount,
          ...(late && random() < 0.2 ? {} : { age }),
          city,
          channel: late && random() < 0.15 ? 'app' : random() < 0.6 ? 'web' : 'shop',
          ...Object.fromEntries(
            Array.from({ length: features }, (_, f) => [
              `f${String(f).padStart(3, '0')}`,
              Number((normal() + (late && f % 23 === 0 ? 0.8 : 0)).toPrecision(5)),
            ]),
          ),
        },
        score,
        ...(at < days - unlabelled ? { actual: random() < truth ? 1 : 0 } : {}),
      }
    })
    await ask('POST', `${base}/predictions`, items)
  }
  await until(async () => {
    const overview = (await ask('GET', `${base}/monitoring`)) as { waiting: number; failure: string | null }
    return overview.waiting === 0
  }, 300_000)
}
