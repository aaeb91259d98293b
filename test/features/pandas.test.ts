import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data?.close())

const script = `
import json, os
import pandas as pd
folder = os.environ['FOLDER']
rows = pd.read_csv(folder + '/rows.csv', parse_dates=['at'])
labels = pd.read_csv(folder + '/labels.csv', parse_dates=['at'])
newest = pd.merge_asof(labels.sort_values('at', kind='stable'), rows.sort_values('at', kind='stable'), on='at', by='customer',
                       tolerance=pd.Timedelta('2h') - pd.Timedelta('1us')).sort_values('id')
own = rows.set_index('at').sort_index(kind='stable').groupby('customer')['amount'].rolling('90min', closed='right')
windows = pd.DataFrame({'n': own.count(), 'total': own.sum(), 'most': own.max()}).reset_index().drop_duplicates(['customer', 'at'], keep='last')
exact = labels.merge(windows, on=['customer', 'at'], how='left').sort_values('id')
print(json.dumps([[None if pd.isna(v) else v for v in row] for row in
  zip(newest['amount'].tolist(), exact['n'].tolist(), exact['total'].tolist(), exact['most'].tolist())]))
`

test('the newest values are those of merge_asof, and windows those of rolling', async () => {
  const random = seededRandom(8)
  const minute = 60_000
  const pick = (n: number) => Math.floor(random() * n)
  const time = (minutes: number) => new Date(Date.UTC(2024, 0, 1) + minutes * minute).toISOString()
  // ties of one entity and time are for the last row, which merge_asof promises only for sorted rows
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    customer: `c${pick(40)}`,
    minutes: pick(3000),
    amount: i / 8,
  }))
  const labels = [
    ...rows.slice(0, 300).map(({ customer, minutes }) => ({ customer, minutes })),
    ...Array.from({ length: 700 }, () => ({ customer: `c${pick(45)}`, minutes: pick(3100) })),
  ]
  writeFileSync(
    join(data.folder, 'rows.csv'),
    `customer,at,amount\n${rows.map(({ customer, minutes, amount }) => `${customer},${time(minutes)},${amount}`).join('\n')}\n`,
  )
  writeFileSync(
    join(data.folder, 'labels.csv'),
    `id,customer,at\n${labels.map(({ customer, minutes }, i) => `${i},${customer},${time(minutes)}`).join('\n')}\n`,
  )
  for (const name of ['rows', 'labels']) {
    await data.sources.put(by, project, name, { kind: 'csv', path: join(data.folder, `${name}.csv`) })
    await data.datasets.put(by, project, name, { from: name, time: 'at' })
    await data.datasets.materialiseNow(by, { project, dataset: name })
  }
  const over = '90m'
  await data.features.views.put(by, project, 'activity', {
    ...{ from: 'rows', entity: 'customer', ttl: '2h' },
    features: {
      amount: 'amount',
      n: { count: true, over },
      total: { sum: 'amount', over },
      most: { max: 'amount', over },
    },
  })
  const version = await data.features.trainingSet(by, {
    ...{ project, name: 'training' },
    spec: { labels: 'labels', features: ['activity'], keys: {} },
  })
  const made = await data.datasets.rows(project, 'training', version.version, { limit: 1000 })
  const python = await pythonEnvironment('test/statistics/oracles/requirements.lock')
  const theirs = JSON.parse(await runPython(python, script, { FOLDER: data.folder })) as (number | null)[][]
  expect(made.rows).toHaveLength(1000)
  for (const [i, row] of made.rows.entries()) {
    const [newest, n, total, most] = theirs[row[0] as number]!
    expect(row[3], `label ${i}`).toBe(newest)
    // rolling has values at rows alone
    if (n !== null) {
      expect(row[4]).toBe(n)
      expect(row[5]).toBeCloseTo(total!, 6)
      expect(row[6]).toBe(most)
    }
  }
  expect(theirs.filter(([, n]) => n !== null).length).toBeGreaterThan(250)
}, 120_000)
