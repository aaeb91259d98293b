import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCard, isIban, patternOf } from '../../src/data/profile/text-form.ts'
import { by, type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

const people = Array.from({ length: 500 }, (_, i) => ({
  id: i,
  mail: `p${i}@example.org`,
  phone: `+49 30 ${1_000_000 + i}`,
  account: 'DE89 3704 0044 0532 0130 00',
  card: '4111 1111 1111 1111',
  first_name: `Name ${i % 40}`,
  note: i % 50 === 0 ? null : `AB-${1000 + i}`,
  x: i % 17,
  y: (i % 17) * 3 + (i % 2),
  churned: i % 10 === 0 ? 1 : 0,
  closed_on: i % 10 === 0 ? 1 : 0,
}))

test('a version says what its columns hold, which are about people, and what gives the label away', async () => {
  const path = join(data.folder, 'people.jsonl')
  writeFileSync(
    path,
    [...people, { ...people[1], first_name: 'name  1!' }].map((row) => `${JSON.stringify(row)}\n`).join(''),
  )
  const { profile } = await data.make({ kind: 'jsonl', path }, { label: 'churned' })
  const of = (name: string) => profile.columns.find((column) => column.name === name)!
  expect(of('mail')).toMatchObject({ form: { is: 'email', share: 1 }, sensitive: { kind: 'e-mail address' } })
  expect(of('phone')).toMatchObject({ form: { is: 'phone' }, sensitive: { kind: 'telephone number' } })
  expect(of('account')).toMatchObject({ form: { is: 'iban' }, sensitive: { kind: 'bank account' } })
  expect(of('card')).toMatchObject({ form: { is: 'card' }, sensitive: { kind: 'payment card' } })
  expect(of('first_name').sensitive).toEqual({ kind: 'name', why: 'the column is called first_name' })
  expect(of('note')).toMatchObject({
    missing: 10,
    form: null,
    patterns: [{ pattern: 'A-9', share: 1 }],
    lengths: { min: 7, max: 7 },
  })
  expect([of('id').sensitive, of('x').sensitive, of('x').lengths]).toEqual([null, null, null])
  const { sample } = profile
  expect(sample!.correlations[0]).toMatchObject({
    a: expect.stringMatching(/churned|closed_on|x/),
    r: expect.any(Number),
  })
  expect(sample!.correlations.find(({ a, b }) => a === 'x' && b === 'y')!.r).toBeGreaterThan(0.99)
  expect(sample!.nearDuplicates).toMatchObject({ rows: 1, examples: [[1, 500]] })
  expect(sample!.label).toMatchObject({
    column: 'churned',
    classes: [{ value: '0' }, { value: '1' }],
    leaks: [{ column: 'closed_on', share: 1 }],
  })
  expect(sample!.label!.imbalance).toBeCloseTo(50 / 451, 6)
})

test('what is suggested holds for the version that it was taken from', async () => {
  const suggested = await data.drafts.suggest(project, 'rows', 'latest')
  const results = await data.drafts.check(
    project,
    'rows',
    'latest',
    suggested.map(({ expectation }) => expectation),
  )
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  expect(suggested.map(({ expectation }) => expectation)).toEqual(
    expect.arrayContaining([
      { format: { column: 'mail', is: 'email', mostly: 0.99 } },
      { length: { column: 'note', min: 7, max: 7 } },
      { missing: { column: 'note', min: 0, max: 0.035 } },
    ]),
  )
  await data.datasets.put(by, project, 'rows', {
    from: 'input',
    expect: suggested.map(({ expectation }) => expectation),
  })
})

describe('forms of texts', () => {
  test('digits that pass the check pass no longer when one is changed', () => {
    expect([isCard('4111-1111-1111-1111'), isIban('GB82 WEST 1234 5698 7654 32')]).toEqual([true, true])
    fc.assert(
      fc.property(fc.nat(15), fc.integer({ min: 1, max: 9 }), (at, add) => {
        const digits = [...'4111111111111111']
        digits[at] = String((Number(digits[at]) + add) % 10)
        expect(isCard(digits.join(''))).toBe(false)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 21 }), fc.integer({ min: 1, max: 9 }), (at, add) => {
        const digits = [...'GB82WEST12345698765432']
        digits[at] = String((Number(digits[at]) + add) % 10)
        expect(isIban(digits.join(''))).toBe(false)
      }),
    )
  })
  test('patterns keep the shape', () => {
    expect(patternOf('Straße 12a, 10115  Berlin')).toBe('A 9A, 9 A')
  })
})
