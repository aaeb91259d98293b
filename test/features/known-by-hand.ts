/** A row of a dataset, and the moment of a prediction; times in milliseconds. */
export interface Row {
  customer: string | null
  at: number
  amount: number | null
  shop: string | null
}

export interface Known {
  last_amount: number | null
  last_shop: string | null
  n: number | null
  paid: number | null
  total: number | null
  mean: number | null
  least: number | null
  most: number | null
  shops: number | null
}

export const hour = 3_600_000

/** The view of these tests. */
export const view = {
  entity: 'customer',
  time: 'at',
  ttl: '5h',
  features: {
    last_amount: 'amount',
    last_shop: { last: 'shop' },
    n: { count: true, over: '1h' },
    paid: { count: 'amount', over: '2h', where: "shop = 'x'" },
    total: { sum: 'amount * 2', over: '2h' },
    mean: { mean: 'amount', over: '1h' },
    least: { min: 'amount', over: '2h' },
    most: { max: 'amount', over: '1h' },
    shops: { distinct: 'shop', over: '2h' },
  },
}

/** What is known of a customer at a moment, row by row; `rows` in the order in which they landed. */
export function knownByHand(rows: readonly Row[], customer: string | null, at: number): Known {
  const own = rows.filter((row) => row.customer === customer && customer !== null && row.at <= at)
  let newest: Row | undefined
  for (const row of own) if (!newest || row.at >= newest.at) newest = row
  if (!newest || at - newest.at >= 5 * hour)
    return Object.fromEntries(Object.keys(view.features).map((name) => [name, null])) as unknown as Known
  const within = (length: number) => own.filter((row) => row.at > at - length).toSorted((a, b) => a.at - b.at)
  const numbers = (length: number) => within(length).flatMap(({ amount }) => amount ?? [])
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  const or = (values: number[], value: (values: number[]) => number) => (values.length === 0 ? null : value(values))
  return {
    last_amount: newest.amount,
    last_shop: newest.shop,
    n: within(hour).length,
    paid: within(2 * hour).filter(({ shop, amount }) => shop === 'x' && amount !== null).length,
    total: sum(numbers(2 * hour).map((value) => value * 2)),
    mean: or(numbers(hour), (values) => sum(values) / values.length),
    least: or(numbers(2 * hour), (values) => Math.min(...values)),
    most: or(numbers(hour), (values) => Math.max(...values)),
    shops: new Set(within(2 * hour).flatMap(({ shop }) => shop ?? [])).size,
  }
}
