import type { KeyedStep } from '../dataset-spec.ts'
import type { ColumnProfile, Profile } from '../profile/profile.ts'

export interface Suggestion {
  /** as it stands in `expect:` */
  expectation: KeyedStep
  /** what in the data speaks for it */
  why: string
}

/** So few different values, seen often, are a closed set. */
const mostCategories = 50

/** Expectations that a version's rows fulfil and that a healthy later version should: to accept, change or leave. */
export function suggestExpectations(profile: Profile): Suggestion[] {
  const { rows } = profile
  if (rows === 0) return []
  const types = Object.fromEntries(profile.columns.map(({ name, type }) => [name, type]))
  const whole = profile.columns.filter(({ missing }) => missing === 0).map(({ name }) => name)
  return [
    { expectation: { schema: { columns: types } }, why: `these are its ${profile.columns.length} columns` },
    {
      expectation: { row_count: { min: Math.max(1, Math.floor(rows / 2)) } },
      why: `it has ${rows} rows; half of them would be strange`,
    },
    ...(whole.length > 0 ? [{ expectation: { not_null: whole }, why: 'no value is missing there' }] : []),
    ...profile.columns.flatMap((column) => ofColumn(column, rows)),
  ]
}

function ofColumn(column: ColumnProfile, rows: number): Suggestion[] {
  const { name, count, distinct } = column
  if (count === 0) return []
  const found: Suggestion[] = []
  if (column.missing > 0)
    found.push({
      expectation: { missing: { column: name, min: 0, max: upTo(column.missing / rows) } },
      why: `${((column.missing / rows) * 100).toFixed(2)} % are missing now`,
    })
  // the count of distinct values is an estimate
  const alone = count > 20 && column.missing === 0 && Math.abs(distinct - count) <= count * 0.005
  if (alone && column.type !== 'float')
    found.push({ expectation: { unique: [name] }, why: 'about every value is there once' })
  const closed = column.categories && distinct <= mostCategories && count >= distinct * 20
  if (closed && column.type !== 'int')
    found.push({
      expectation: {
        in_set: { column: name, values: column.categories!.map(({ value }) => asValue(value, column)), mostly: 0.99 },
      },
      why: `${distinct} different values in ${count} rows`,
    })
  if ((column.type === 'int' || column.type === 'float') && !alone) found.push(...ofNumbers(column))
  if (column.type === 'text') found.push(...ofTexts(column, Boolean(closed)))
  return found
}

function ofNumbers({ name, min, max, quantiles, type }: ColumnProfile): Suggestion[] {
  const [low, high] = [Number(min), Number(max)]
  const spread = (quantiles?.p95 ?? high) - (quantiles?.p05 ?? low) || Math.abs(high) || 1
  const round = (x: number) => (type === 'int' ? Math.round(x) : Number(x.toPrecision(6)))
  const least = low >= 0 && low - spread < 0 ? 0 : round(low - spread)
  return [
    {
      expectation: { between: { column: name, min: least, max: round(high + spread), mostly: 1 } },
      why: `found from ${low} to ${high}`,
    },
    {
      expectation: { distribution: { column: name, metric: 'psi', at_most: 0.25 }, severity: 'warn' },
      why: 'a shift of its distribution is worth a look',
    },
  ]
}

function ofTexts({ name, form, lengths }: ColumnProfile, closed: boolean): Suggestion[] {
  if (form && form.share >= 0.99 && form.is !== 'phone')
    return [
      {
        expectation: { format: { column: name, is: form.is, mostly: 0.99 } },
        why: `${(form.share * 100).toFixed(1)} % have this form`,
      },
    ]
  if (closed || !lengths) return []
  return lengths.min === lengths.max
    ? [{ expectation: { length: { column: name, min: lengths.min, max: lengths.max } }, why: 'all are equally long' }]
    : [
        {
          expectation: { length: { column: name, max: Math.max(10, lengths.max * 2) } },
          why: `the longest has ${lengths.max} characters`,
        },
      ]
}

const upTo = (share: number) => Math.min(1, Number((share * 1.5 + 0.005).toFixed(3)))
const asValue = (value: string, { type }: ColumnProfile) => (type === 'bool' ? value === 'true' : value)
