/**
 * Does every monitor keep its promise? Worlds in which nothing changes are made from a seed, each with a reference and one
 * window behind it: a family may violate in at most its α of them, whatever the sizes of reference and window and however
 * long the weather lasts; and 30 days of windows that slide raise any alert in at most the endpoint's share. Then worlds that do change: after how many days the first window violates.
 *
 * node bench/truth/false-alarms.ts [--worlds 1000] [--seed 1] [--delays 60] [--stretches 200]; about ten minutes on one core.
 */
import { parseArgs } from 'node:util'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { shareOutAlarms } from '../../src/monitoring/alarm-budget.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { wilsonInterval } from '../../src/statistics/proportions-test.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { type Law, makeWorld, type Shape } from './simulated-world.ts'

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    delays: { type: 'string', default: '60' },
    stretches: { type: 'string', default: '200' },
  },
})
const worlds = Number(values.worlds)
const delays = Number(values.delays)
const settings = monitorSettings.parse({ min_rows: 100 })
const families = monitors.filter(({ family }) => family !== 'service')
const watchers = { kinds: families, metrics: driftMetrics }

const shapes: Shape[] = [
  { referenceDays: 14, referenceRows: 300, rows: 300, windowDays: 1 },
  { referenceDays: 31, referenceRows: 300, rows: 150, windowDays: 7 },
  { referenceDays: 31, referenceRows: 300, rows: 300, windowDays: 1 },
  { referenceDays: 90, referenceRows: 100, rows: 100, windowDays: 7 },
]
const laws: [string, Law][] = [
  ['every day alike', { weather: 0, lasting: 0 }],
  ['weather, ρ 0.4', { weather: 0.3, lasting: 0.4 }],
  ['weather, ρ 0.6', { weather: 0.3, lasting: 0.6 }],
  ['weather, ρ 0.8', { weather: 0.3, lasting: 0.8 }],
]

const percent = (x: number) => `${(x * 100).toFixed(x < 0.01 ? 2 : 1)} %`
const rate = (successes: number, n: number) => {
  const { low, high } = wilsonInterval({ successes, n })
  return `${percent(successes / n)} [${percent(low)}, ${percent(high)}]`
}
const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)

console.log(
  `Seed ${values.seed}, ${worlds} worlds a row; 95 % Wilson intervals. α is the promise: violations per window without change.\n`,
)
row([
  'reference',
  'window',
  'world',
  ...families.map(({ family, alpha }) => `${family} (α ${percent(alpha)})`),
  'realised log loss outside its estimate (95 %)',
])
row(['---', '---', '---', ...families.map(() => '---:'), '---:'])
const totals = new Map<string, { alarms: number; n: number }>()
for (const shape of shapes)
  for (const [name, law] of laws) {
    const random = seededRandom(Number(values.seed))
    const alarms = new Map(families.map(({ family }) => [family, 0]))
    let outside = 0
    for (let i = 0; i < worlds; i++) {
      const world = makeWorld(random, shape, law)
      const found = evaluateWindow(world.window(0), world.reference, settings, watchers)
      for (const { family, scores } of found)
        if (scores.some((s) => s.state === 'violation')) alarms.set(family, alarms.get(family)! + 1)
      const scores = found.flatMap((f) => f.scores)
      const realised = scores.find((s) => s.monitor === 'performance.log_loss')!.value!
      const estimated = scores.find((s) => s.monitor === 'estimated-performance.log_loss')!
      if (realised < estimated.low! || realised > estimated.high!) outside++
    }
    for (const [family, n] of alarms) {
      const known = totals.get(family) ?? { alarms: 0, n: 0 }
      if (law.lasting <= 0.6) totals.set(family, { alarms: known.alarms + n, n: known.n + worlds })
    }
    row([
      `${shape.referenceDays} days × ${shape.referenceRows}`,
      `${shape.windowDays} × ${shape.rows}`,
      name,
      ...families.map(({ family }) => rate(alarms.get(family)!, worlds)),
      // the estimate promises something only where the scores are calibrated every day
      law.weather === 0 ? rate(outside, worlds) : '–',
    ])
  }
row([
  'all',
  '',
  'up to ρ 0.6',
  ...families.map(({ family }) => rate(totals.get(family)!.alarms, totals.get(family)!.n)),
  '',
])

const month = 30
const promised = monitorSettings.parse({})
const shared = shareOutAlarms(promised, families)
const stretches = Math.min(worlds, Number(values.stretches))
console.log(
  `\nAlerts: ${stretches} worlds a row, reference 60 days × 200, ${month} windows of 7 days × 200 that slide by a day, with the settings that an endpoint has by itself. In how many any family raises any alert; the promise is ${percent(promised.false_alarms)}.\n`,
)
row(['world', 'any alert', ...families.map(({ family }) => `${family} (α ${percent(shared.alpha[family]!)})`)])
row(['---', '---:', ...families.map(() => '---:')])
for (const [name, law] of laws) {
  const random = seededRandom(Number(values.seed))
  const alerts = new Map(families.map(({ family }) => [family, 0]))
  let any = 0
  for (let i = 0; i < stretches; i++) {
    const world = makeWorld(random, { referenceDays: 60, referenceRows: 200, rows: 200, windowDays: 7 }, law)
    const raised = new Set<string>()
    for (let at = 0; at < month; at++)
      for (const { family, scores } of evaluateWindow(world.window(at), world.reference, shared, watchers))
        if (scores.some((s) => s.state === 'violation')) raised.add(family)
    for (const family of raised) alerts.set(family, alerts.get(family)! + 1)
    if (raised.size > 0) any++
  }
  row([name, rate(any, stretches), ...families.map(({ family }) => String(alerts.get(family)!))])
}

const shape: Shape = { referenceDays: 31, referenceRows: 300, rows: 150, windowDays: 7 }
const quiet: Law = { weather: 0.3, lasting: 0.4 }
const changes: [string, Partial<Law>, string][] = [
  ['nothing', {}, 'performance'],
  ['odds of the outcome × 1.5', { outcome: Math.log(1.5) }, 'performance'],
  ['odds of the outcome × 2', { outcome: Math.log(2) }, 'performance'],
  ['odds of the outcome × 4', { outcome: Math.log(4) }, 'performance'],
  ['a feature shifts by half a standard deviation', { level: 0.5 }, 'drift'],
  ['a feature shifts by a standard deviation', { level: 1 }, 'drift'],
  ['a feature in another unit (× 1000)', { unit: 1000 }, 'quality'],
  ['missing values 3 % → 15 %', { missing: 0.15 }, 'quality'],
  ['missing values 3 % → 30 %', { missing: 0.3 }, 'quality'],
  ['a new category in 2 % of rows', { fresh: 0.02 }, 'quality'],
  ['one group is favoured (odds × 3)', { bias: Math.log(3) }, 'bias'],
]
const most = 28
console.log(
  `\nDetection: ${delays} worlds, reference 31 days × 300, windows of 7 days × 150 that slide by a day, weather with ρ 0.4. Days from the change to the end of the first window that violates; the median, and the share found within ${most} days. Any window of ${most} can be a false alarm in the first line.\n`,
)
row(['change', 'monitor', 'median days', 'found within 7', `within ${most}`])
row(['---', '---', '---:', '---:', '---:'])
for (const [name, change, family] of changes) {
  const random = seededRandom(Number(values.seed))
  const found: number[] = []
  for (let i = 0; i < delays; i++) {
    const world = makeWorld(random, shape, quiet, { ...quiet, ...change })
    let days = Infinity
    for (let d = 1; d <= most && days === Infinity; d++) {
      const scores = evaluateWindow(world.window(d - 1), world.reference, settings, {
        ...watchers,
        kinds: families.filter((kind) => kind.family === family),
      }).flatMap((f) => f.scores)
      if (scores.some((s) => s.state === 'violation')) days = d
    }
    found.push(days)
  }
  found.sort((a, b) => a - b)
  const median = found[Math.floor(delays / 2)]!
  const within = (limit: number) => percent(found.filter((d) => d <= limit).length / delays)
  row([name, family, Number.isFinite(median) ? String(median) : `> ${most}`, within(7), within(most)])
}
