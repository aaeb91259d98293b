import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calibrationBinsOf } from '../../src/statistics/calibration.ts'
import { counterfactualFlipRate } from '../../src/statistics/counterfactual-flip-rate.ts'
import { groupCalibration } from '../../src/statistics/group-calibration.ts'
import { groupImbalance } from '../../src/statistics/group-imbalance.ts'
import { equalisedOddsOf, groupsAgainst, type RateName } from '../../src/statistics/group-rates.ts'
import { type FairnessRow, intersectionalGroups, mergeGroupCounts } from '../../src/statistics/intersectional-groups.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer } from './value.ts'

interface Case {
  group: string[]
  y: number[]
  p: number[]
  rates: Record<string, Record<string, number>>
  parity: [number, number]
  odds: [number, number]
  opportunity: [number, number]
  impact: [number, number, number]
  evenness: number
}

compareWithOracle<Case>('fairness', 15, (c) => {
  const rows = c.group.map((group, i) => ({ attributes: { group }, selected: c.p[i] === 1, actual: c.y[i] === 1 }))
  const { groups } = intersectionalGroups(rows, 1, 1)
  for (const [rate, byGroup] of Object.entries(c.rates))
    for (const found of answer(groupsAgainst(groups, rate as RateName, { minimum: 5 })).groups)
      expectNear(found.rate, byGroup[found.group.slice(6)]!, `${rate} of ${found.group}`)
  const parity = answer(groupsAgainst(groups, 'selection', { minimum: 5, privileged: 'group=a' }))
  expectNear(parity.difference, c.parity[0], 'parity')
  expectNear(parity.ratio, c.parity[1], 'parity, ratio')
  const odds = answer(equalisedOddsOf(groups, 5))
  expectNear(odds.difference, c.odds[0], 'odds')
  expectNear(odds.ratio, c.odds[1], 'odds, ratio')
  const opportunity = answer(groupsAgainst(groups, 'true_positive', { minimum: 5 }))
  expectNear(opportunity.difference, c.opportunity[0], 'opportunity')
  expectNear(opportunity.ratio, c.opportunity[1], 'opportunity, ratio')
  const impact = parity.groups.find((g) => g.group === 'group=b')!.ratio!
  for (const [i, x] of [impact.value, impact.low, impact.high].entries()) expectNear(x, c.impact[i]!, `impact[${i}]`)
  expectNear(answer(groupImbalance([...groups.values()].map((g) => g.n))).evenness, c.evenness, 'evenness')
})

const row = fc.record({
  attributes: fc.record({ sex: fc.constantFrom('f', 'm'), age: fc.constantFrom('old', 'young') }),
  selected: fc.boolean(),
  actual: fc.option(fc.boolean(), { nil: undefined }),
})

test('intersections: groups of each attribute add up, parts merge to the whole, small ones are left out', () => {
  fc.assert(
    fc.property(fc.array(row as fc.Arbitrary<FairnessRow>), fc.array(row as fc.Arbitrary<FairnessRow>), (a, b) => {
      const of = (rows: FairnessRow[]) => intersectionalGroups(rows, 2, 0).groups
      const whole = of([...a, ...b])
      const [x, y] = [of(a), of(b)]
      for (const [name, counts] of whole) {
        const [p, q] = [x.get(name), y.get(name)]
        expect(p && q ? mergeGroupCounts(p, q) : (p ?? q)).toEqual(counts)
      }
      const women = (key: string) => whole.get(key)?.n ?? 0
      expect(women('age=old & sex=f') + women('age=young & sex=f')).toBe(women('sex=f'))
    }),
    { numRuns: 50 },
  )
  const few = intersectionalGroups([{ attributes: { a: 'x', b: 'y' }, selected: true }], 2, 30)
  expect(few).toEqual({ groups: new Map(), tooSmall: 3 })
})

test('what too small and empty groups answer', () => {
  const counts = { n: 100, selected: 0, truePositives: 0, falsePositives: 0, positives: 50, negatives: 50 }
  const two = new Map([
    ['a', counts],
    ['b', { ...counts, n: 80 }],
    ['c', { ...counts, n: 3 }],
  ])
  const found = answer(groupsAgainst(two, 'selection'))
  expect(found).toMatchObject({ privileged: 'a', ratio: 1, difference: 0, tooSmall: ['c'] })
  expect(found.groups[1]).toMatchObject({ ratio: null, difference: { value: 0, p: 1 } })
  expect(groupsAgainst(two, 'precision')).toMatchObject({ ok: false, had: 0 })
  expect(groupsAgainst(two, 'selection', { privileged: 'c' })).toMatchObject({ ok: false, of: 'rows of c', had: 3 })
  expect(groupsAgainst(new Map(), 'selection')).toMatchObject({ ok: false })
  expect(groupImbalance([5])).toMatchObject({ ok: false })
  expect(answer(groupImbalance([5, 5, 5]))).toMatchObject({ value: 0, ratio: 1 })
  expect(answer(groupImbalance([9, 0]))).toEqual({ ok: true, value: 0.5, evenness: 0, ratio: Infinity })
})

test('calibration within groups: the group whose scores are too high is found', () => {
  const random = seededRandom(8)
  const draw = (shift: number) => {
    const scores = Array.from({ length: 800 }, () => 0.2 + 0.6 * random())
    return calibrationBinsOf(
      scores,
      scores.map((s) => random() < s - shift),
    )
  }
  const found = answer(
    groupCalibration(
      new Map([
        ['right', draw(0)],
        ['high', draw(0.15)],
        ['few', calibrationBinsOf([0.5], [true])],
      ]),
    ),
  )
  const [right, high] = found.groups
  expect(right!.gap.p).toBeGreaterThan(0.01)
  expect(high!.gap.high).toBeLessThan(-0.08)
  expect(found.difference).toBeGreaterThan(0.08)
  expect(found.tooSmall).toEqual(['few'])
  expect(groupCalibration(new Map())).toMatchObject({ ok: false })
})

test('flips: none when the attribute does nothing, all when it decides', () => {
  const answers = Array.from({ length: 50 }, (_, i) => i % 2)
  expect(answer(counterfactualFlipRate(answers, [answers]))).toMatchObject({ value: 0, low: 0 })
  const flipped = answers.map((x) => 1 - x)
  expect(answer(counterfactualFlipRate(answers, [answers, flipped], 1))).toMatchObject({
    value: 1,
    upwards: 0.5,
    downwards: 0.5,
  })
  expect(counterfactualFlipRate([1], [[0]])).toMatchObject({ ok: false, had: 1 })
  expect(counterfactualFlipRate(answers, [])).toMatchObject({ ok: false, of: 'alternatives' })
})
