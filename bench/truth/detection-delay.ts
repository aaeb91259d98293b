/**
 * How many days after a known change does the first window violate, with the settings that an endpoint has by itself? Worlds are
 * made from a seed: a reference of 60 days × 200 rows, windows of 7 days × 200 that slide by a day, days that differ as weather
 * does (ρ 0.4). In the first line nothing changes: what is found there is false. `--rows FOLDER` writes three worlds of each as
 * CSV, which `detection-delay-peers.ts` gives to the peers.
 *
 * node bench/truth/detection-delay.ts [--worlds 20] [--seed 1] [--rows FOLDER]; about three minutes on one core.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { shareOutAlarms } from '../../src/monitoring/alarm-budget.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { type Law, makeWorld, type Shape } from './simulated-world.ts'

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string' },
  },
})
const worlds = Number(values.worlds)
const days = 28
const shape: Shape = { referenceDays: 60, referenceRows: 200, rows: 200, windowDays: 7 }
const quiet: Law = { weather: 0.3, lasting: 0.4 }
const families = monitors.filter(({ family }) => family !== 'service')
const settings = shareOutAlarms(monitorSettings.parse({}), monitors)

const always = (change: Partial<Law>) => () => change
const changes: [name: string, change: (day: number) => Partial<Law>][] = [
  ['nothing', always({})],
  ['shift: a feature by half its deviation', always({ level: 0.5 })],
  ['scale: a feature spreads 1.5 times as widely', always({ scale: 1.5 })],
  ['rotation: correlation of two features 0.8 → −0.8', always({ correlation: -0.8 })],
  ['a new category in 5 % of rows', always({ fresh: 0.05 })],
  ['gradual: a feature moves a deviation in 28 days', (day) => ({ level: day / days })],
  [
    'seasonal: a feature moves half a deviation to and fro each week',
    (day) => ({ level: 0.5 * Math.sin((2 * Math.PI * day) / 7) }),
  ],
  ['label shift: twice as many positives', always({ positives: 2 })],
  ['concept drift: the feature’s effect turns round', always({ effect: -0.5 })],
  ['unit: a feature × 1000', always({ unit: 1000 })],
  ['missing: 3 % → 15 %', always({ missing: 0.15 })],
]

const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
const middle = (found: readonly number[]) => {
  const sorted = [...found].sort((a, b) => a - b)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!
  return Number.isFinite(median) ? String(median) : `> ${days}`
}

console.log(
  `Seed ${values.seed}, ${worlds} worlds a change. Days from the change to the end of the first window that violates: the median, and in how many worlds any did within ${days} days.\n`,
)
row([
  'change',
  'first family',
  'median days',
  `found in ${days} days`,
  'every family that found it in half of the worlds',
])
row(['---', '---', '---:', '---:', '---'])
for (const [name, change] of changes) {
  const random = seededRandom(Number(values.seed))
  const first = new Map(families.map(({ family }) => [family, [] as number[]]))
  for (let i = 0; i < worlds; i++) {
    const world = makeWorld(random, shape, quiet, (day) => ({ ...quiet, ...change(day) }))
    const found = new Map<string, number>()
    for (let day = 1; day <= days; day++) {
      const kinds = families.filter(({ family }) => !found.has(family))
      for (const { family, scores } of evaluateWindow(world.window(day - 1), world.reference, settings, {
        kinds,
        metrics: driftMetrics,
      }))
        if (scores.some(({ state }) => state === 'violation')) found.set(family, day)
    }
    for (const [family, delays] of first) delays.push(found.get(family) ?? Infinity)
    // a window may have been made no further than it was found
    world.window(days - 1)
    if (values.rows && i < 3) write(join(values.rows, `${changes.findIndex(([n]) => n === name)}-${i}`), world)
  }
  const any = Array.from({ length: worlds }, (_, i) => Math.min(...[...first.values()].map((delays) => delays[i]!)))
  const half = [...first]
    .map(([family, delays]) => ({ family, delays, found: delays.filter(Number.isFinite).length }))
    .filter(({ found }) => found * 2 >= worlds)
    .sort((a, b) => Number(middle(a.delays)) - Number(middle(b.delays)))
  row([
    name,
    half[0]?.family ?? '–',
    middle(any),
    `${any.filter(Number.isFinite).length} of ${worlds}`,
    half.map(({ family, delays }) => `${family} ${middle(delays)}`).join(', ') || '–',
  ])
}

/** Every row of a world; days count from the change, those of the reference end 100 days before it. */
function write(folder: string, world: ReturnType<typeof makeWorld>): void {
  mkdirSync(folder, { recursive: true })
  const csv = (from: number, count: number, first: number) =>
    Array.from({ length: count }, (_, i) =>
      world
        .rows(from + i)
        .map(({ numbers, texts, score, truth }) =>
          [first + i, numbers.x ?? '', numbers.y, texts.group, score, truth].join(','),
        ),
    ).flat()
  const before = shape.windowDays - 1
  const lines = [
    'day,x,y,group,score,label',
    ...csv(-shape.referenceDays, shape.referenceDays, -100 - shape.referenceDays),
    ...csv(0, before + days, -before),
  ]
  writeFileSync(join(folder, 'rows.csv'), `${lines.join('\n')}\n`)
}
