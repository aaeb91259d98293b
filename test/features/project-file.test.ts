import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { cli } from '../cli/run-cli.ts'
import { temporaryDirectory } from '../serving/stand.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
const run = (...args: string[]) => cli(args, { url: kedge.address, cwd: directory.path })

beforeAll(async () => {
  directory = await temporaryDirectory()
  const config = { port: 0, data: join(directory.path, 'data'), roles: ['control'], logLevel: 'silent' }
  kedge = await startKedge(readConfig(config), silentLog)
  await writeFile(
    join(directory.path, 'paid.csv'),
    'customer,at,amount\na,2024-01-01T00:00:00Z,5\na,2024-01-02T00:00:00Z,7\n',
  )
  await writeFile(join(directory.path, 'churn.csv'), 'customer,at,left\na,2024-01-02T12:00:00Z,1\n')
})
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

const file = (view: string, features = '[activity]') => `project: shop
sources:
  paid: { kind: csv, path: paid.csv }
  churn: { kind: csv, path: churn.csv }
datasets:
  paid: { from: paid, time: at }
  churn: { from: churn, time: at }
features:
  activity:
    from: paid
${view}
training_sets:
  churned: { labels: churn, features: ${features}, label: left }
`
const good = `    entity: customer
    owner: growth
    features:
      spent: { sum: amount, over: 7d, description: in a week }
      newest: amount`

test('a view is checked against the columns of its source, before anything is stored', async () => {
  const wrong = good
    .replace('customer', 'custmer')
    .replace('sum: amount', 'sum: amuont')
    .replace('over: 7d', 'over: 7x')
  await writeFile(join(directory.path, 'kedge.yaml'), file(wrong.replace('over: 7x,', 'over: 7d,'), '[actvity]'))
  const { code, err } = await run('apply')
  expect(code).not.toBe(0)
  expect(err).toMatch(/11:13 features\.activity\.entity: there is no column custmer; did you mean customer\?/)
  expect(err).toMatch(/no column amuont; did you mean amount\?/)
  expect(err).toContain('there is no feature view actvity; did you mean activity?')
  await writeFile(join(directory.path, 'kedge.yaml'), file(wrong))
  expect((await run('apply')).err).toContain('is not a duration')
})

test('what a file declares is made, looked up and listed by the command', async () => {
  await writeFile(join(directory.path, 'kedge.yaml'), file(good))
  expect((await run('apply')).code).toBe(0)
  expect((await run('apply')).out).toMatch(/nothing|unchanged|no change/i)
  for (const dataset of ['paid', 'churn']) expect((await run('data', 'materialise', dataset)).code).toBe(0)
  expect((await run('features', 'training-set', 'churned')).out).toContain('churned@1: 1 rows')
  const answer = await fetch(`${kedge.address}/api/v1/projects/shop/datasets/churned/versions/1/rows`)
  expect(((await answer.json()) as { rows: unknown[][] }).rows).toEqual([['a', Date.UTC(2024, 0, 2, 12), 1, 12, 7]])
  expect((await run('features', 'list')).out).toMatch(/activity +customer +paid +growth/)
  expect((await run('features', 'show', 'activity')).out).toMatch(/spent +float +sum: amount +7 d/)
  expect((await run('features', 'lookup', 'activity', 'a', '--at', '2024-01-01T12:00:00Z')).out).toMatch(/a +5 +5/)
  // a training set goes by what is declared, and its version is in the lineage
  const lineage = await run('lineage', 'dataset_version/churned@1')
  expect(lineage.out).toContain('feature_view/activity')
})
