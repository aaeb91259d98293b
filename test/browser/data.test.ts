import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStand, project, type Stand, until } from './stand.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
  const shop = new Database(join(stand.folder, 'shop.db'))
  shop.exec(
    'CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL); CREATE TABLE customers (id INTEGER); INSERT INTO orders (total) VALUES (10.5), (20), (3)',
  )
  shop.close()
  writeFileSync(join(stand.folder, 'parts.csv'), 'code,weight\n007,1.5\n010,2\n')
})
afterAll(() => stand?.stop())

const base = `/api/v1/projects/${project}`

test('a source is connected from its tables to a first version, by what is there', { timeout: 60_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/connect')
  await page.getByRole('button', { name: /^sqlite/ }).click()
  await page.getByRole('textbox', { name: 'path' }).fill(join(stand.folder, 'shop.db'))
  await page.getByRole('button', { name: 'Show what is there' }).click()
  await page.getByRole('radio', { name: /^orders/ }).click()
  await page.getByText('It answers').waitFor()
  await page.getByRole('table', { name: 'First rows' }).getByText('10.5').waitFor()
  await page.getByLabel('Column that only grows').selectOption('id')
  await page.getByText('incremental: id').waitFor()
  await page.getByRole('button', { name: 'Save and pull' }).click()
  await page.getByText('A version is made').waitFor()
  await page.getByRole('link', { name: 'Version 1' }).click()
  await page.getByRole('heading', { name: 'orders 1' }).waitFor()
  expect(await stand.ask('GET', `${base}/datasets/orders`)).toMatchObject({
    spec: { from: 'orders', mode: 'incremental' },
    latest: { rowCount: 3 },
  })
  await window.close()
})

test('types that were found are changed before they are used; what is wrong has its code', {
  timeout: 60_000,
}, async () => {
  const window = await stand.open({ scheme: 'dark' })
  const { page } = window
  await window.go('/connect?kind=csv')
  const path = page.getByRole('textbox', { name: 'path' })
  await path.fill('nowhere.csv')
  await path.press('Enter')
  await page.getByText('not_found').waitFor()
  await path.fill(join(stand.folder, 'parts.csv'))
  await path.press('Enter')
  await page.getByRole('combobox', { name: 'weight' }).selectOption('text')
  await page.getByText('weight: text').waitFor()
  await page.getByRole('button', { name: 'Save and pull' }).click()
  await page.getByRole('link', { name: 'Version 1' }).waitFor()
  const { latest } = await stand.ask<{ latest: { schema: unknown } }>('GET', `${base}/datasets/parts`)
  expect(latest.schema).toEqual([
    { name: 'code', type: 'text' },
    { name: 'weight', type: 'text' },
  ])
  await window.close()
})

test('a password is stored when it is typed and is nowhere afterwards', { timeout: 60_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/connect?kind=postgres')
  await page.getByLabel('Password').fill('hunter2-never-shown')
  await page.getByLabel('Password').press('Enter')
  await page.getByText('stored as').waitFor()
  await page.getByRole('textbox', { name: 'host' }).fill('127.0.0.1')
  await page.getByRole('button', { name: 'Test the connection' }).click()
  await page.getByText('Some settings are missing').waitFor()
  expect(await page.content()).not.toContain('hunter2')
  expect(await page.getByText('must be given').count()).toBe(3)
  await window.close()
})

test('a version is asked in SQL by keys, and refuses to read anything else', { timeout: 60_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/data/trips?tab=sql')
  const field = page.getByRole('textbox', { name: 'SQL' })
  await field.fill('SELECT origin, count() AS n FROM rows GROUP BY origin ORDER BY origin')
  await field.press('Control+Enter')
  const answer = page.getByRole('table', { name: 'Answer' })
  await answer.getByText('JFK').waitFor()
  expect(await answer.getByRole('row').count()).toBe(6)
  await field.fill("SELECT * FROM file('/etc/passwd', LineAsString)")
  await field.press('Control+Enter')
  await page.getByRole('alert').getByText('not allowed').first().waitFor()
  expect(window.problems.splice(0)).toEqual([expect.stringContaining('400')])
  await window.close()
})

test('rows are found by an expression; versions are tagged, kept and compared by a key', {
  timeout: 60_000,
}, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/data/trips/1?tab=rows')
  await page.getByPlaceholder(/^Only rows where/).fill("origin = 'JFK' and delay > 20")
  await page.getByText(/\d+ of \d+ \(.*of all\)/).waitFor()
  const { total } = await stand.ask<{ total: number }>(
    'GET',
    `${base}/datasets/trips/versions/1/rows?where=${encodeURIComponent("origin = 'JFK' and delay > 20")}`,
  )
  await page.getByText(`of ${total} (`).waitFor()

  await window.go('/data/trips')
  await page.getByRole('button', { name: 'Tag version 1' }).click()
  await page.getByRole('textbox', { name: 'Tag of version 1' }).fill('golden')
  await page.getByRole('textbox', { name: 'Tag of version 1' }).press('Enter')
  await page.getByRole('button', { name: 'Take golden away' }).waitFor()
  await page.getByRole('button', { name: 'Keep version 1' }).click()
  await page.locator('button[aria-pressed="true"][aria-label="Keep version 1"]').waitFor()
  expect(await stand.ask('GET', `${base}/datasets/trips/versions/golden`)).toMatchObject({ version: 1, pinned: true })

  await window.go('/data/trips?tab=diff')
  await page.getByRole('combobox', { name: 'Key' }).fill('date')
  await page.getByRole('combobox', { name: 'Key' }).press('Enter')
  await page.getByText('Changed').first().waitFor()
  await page.getByText('added', { exact: true }).first().waitFor()
  await window.close()
})

test('steps are added, seen at work, moved by keys, and saved', { timeout: 90_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/data/trips?tab=curation&column=delay')
  await page
    .getByRole('button', { name: /^outliers/ })
    .getByText('30 quarantined')
    .waitFor()
  await page.getByRole('button', { name: /^derive/ }).click()
  await page.getByRole('button', { name: 'Add a step' }).click()
  await page.getByRole('textbox', { name: 'Add a step: filter' }).fill('keep only the rows for')
  await page.getByRole('menuitem', { name: /^filter/ }).click()
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Step 4: filter' }) })
  await panel.getByRole('textbox').fill('dely > 0')
  await panel.getByText('did you mean delay?').waitFor()
  await panel.getByRole('textbox').fill('delay > 0')
  await page
    .getByRole('button', { name: /^filter/ })
    .getByText('removed')
    .waitFor()
  await panel.getByRole('img', { name: 'The column before and after the step' }).waitFor()
  await page.getByRole('button', { name: /^filter/ }).press('Alt+ArrowUp')
  await page.getByRole('heading', { name: 'Step 3: filter' }).waitFor()
  await page.getByRole('button', { name: 'kedge.yaml' }).click()
  await page.getByText('- filter: delay > 0').waitFor()
  await page.getByRole('button', { name: 'SQL', exact: true }).click()
  await page.getByText('__verdict').first().waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Not saved yet').waitFor({ state: 'detached' })
  const { spec } = await stand.ask<{ spec: { curate: object[] } }>('GET', `${base}/datasets/trips`)
  expect(spec.curate.map((step) => Object.keys(step)[0])).toEqual(['cast', 'outliers', 'filter', 'derive'])
  expect(window.problems.splice(0)).toEqual([expect.stringContaining('400')])
  await window.close()
})

test('expectations are accepted from the data and made to warn', { timeout: 60_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/data/trips?tab=expectations')
  await page.getByRole('button', { name: 'Accept in_set origin' }).click()
  await page.getByText('Not saved yet').waitFor()
  await page.getByRole('radiogroup', { name: 'Severity of in_set' }).getByRole('radio', { name: 'warns' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Not saved yet').waitFor({ state: 'detached' })
  const { spec } = await stand.ask<{ spec: { expect: object[] } }>('GET', `${base}/datasets/trips`)
  expect(spec.expect.at(-1)).toMatchObject({ in_set: { column: 'origin' }, severity: 'warn' })
  await window.close()
})

test('a quarantined row is corrected and replayed, others are discarded with a reason and taken back', {
  timeout: 90_000,
}, async () => {
  writeFileSync(
    join(stand.folder, 'meters.csv'),
    'meter,value,day\n1,5,2001-01-01\n2,x9,2001-01-01\n3,?,2001-01-02\n4,?,2001-01-02\n',
  )
  await stand.ask('PUT', `${base}/sources/meters`, { kind: 'csv', path: 'meters.csv', columns: { value: 'int' } })
  await stand.ask('PUT', `${base}/datasets/meters`, { from: 'meters' })
  await stand.ask('POST', `${base}/datasets/meters/materialise`, {})
  await until(async () => (await stand.ask<{ latest: unknown }>('GET', `${base}/datasets/meters`)).latest !== null)
  const window = await stand.open()
  const { page } = window
  await window.go('/data/meters?tab=quarantine')
  await page.getByRole('radio', { name: 'Open 3' }).waitFor()
  await page.getByRole('checkbox', { name: 'Select row 2' }).check()
  await page.getByRole('checkbox', { name: 'Select row 3' }).check()
  await page.getByRole('button', { name: 'Discard 2 …' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('the meter was off')
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('radio', { name: 'Discarded 2' }).waitFor()
  await page.getByRole('button', { name: 'Correct value of row 1' }).click()
  await page.getByRole('textbox', { name: 'value of row 1' }).fill('9')
  await page.getByRole('textbox', { name: 'value of row 1' }).press('Enter')
  await page.getByRole('button', { name: 'Correct 1 and replay' }).click()
  await page.getByText('A version is made').waitFor()
  expect(await stand.ask('GET', `${base}/datasets/meters`)).toMatchObject({ latest: { version: 2, rowCount: 2 } })
  await page.getByRole('radio', { name: 'Corrected 1' }).waitFor()
  await page
    .getByRole('row', { name: /the meter was off.*meter = 4/ })
    .getByRole('button', { name: 'Take back' })
    .click()
  await page.getByRole('radio', { name: 'Discarded 1' }).waitFor()
  await window.close()
})

test('the board says which data is older than it may be, who answers for it, and pulls it at once', {
  timeout: 60_000,
}, async () => {
  writeFileSync(join(stand.folder, 'old.csv'), 'at,x\n2001-01-01T00:00:00Z,1\n')
  await stand.ask('PUT', `${base}/sources/old`, { kind: 'csv', path: 'old.csv' })
  const contract = { owner: 'team meters', freshness: '24h' }
  await stand.ask('PUT', `${base}/datasets/old`, { from: 'old', time: 'at', contract })
  const window = await stand.open()
  const { page } = window
  await window.go('/freshness')
  const row = page.getByRole('row', { name: /^old/ })
  await row.getByText('never pulled').waitFor()
  await row.getByText('team meters').waitFor()
  await row.getByRole('button', { name: 'Pull old now' }).click()
  await row.getByText('1 pull failed').waitFor()
  await page.getByRole('radio', { name: /^Failing/ }).click()
  expect(await page.locator('tbody tr').count()).toBe(1)
  await window.close()
})

test('a feature is found by its meaning and looked up for an entity', { timeout: 90_000 }, async () => {
  writeFileSync(
    join(stand.folder, 'paid.csv'),
    `at,customer,amount\n${[5, 6, 7].map((day) => `2026-01-0${day}T00:00:00Z,ada,${day}`).join('\n')}\n2026-01-05T00:00:00Z,bob,1\n`,
  )
  await stand.ask('PUT', `${base}/sources/paid`, { kind: 'csv', path: 'paid.csv' })
  await stand.ask('PUT', `${base}/datasets/paid`, { from: 'paid', time: 'at' })
  await stand.ask('POST', `${base}/datasets/paid/materialise`, {})
  await until(async () => (await stand.ask<{ latest: unknown }>('GET', `${base}/datasets/paid`)).latest !== null)
  await stand.ask('PUT', `${base}/features/customers`, {
    from: 'paid',
    entity: 'customer',
    owner: 'team shop',
    features: {
      amount_last: { last: 'amount', description: 'what was paid last' },
      paid_7d: { sum: 'amount', over: '7d', description: 'what a week has brought' },
    },
  })
  const window = await stand.open()
  const { page } = window
  await window.go('/features')
  await page.getByText('2 features in 1 view').waitFor()
  await page.getByPlaceholder(/^Filter by name/).fill('week brought')
  await page.getByText('1 feature in 1 view').waitFor()
  await page.getByRole('combobox', { name: 'Owner' }).selectOption('team shop')
  await page.getByRole('row', { name: /paid_7d/ }).click()
  await page.getByRole('heading', { name: 'customers' }).waitFor()
  await page.getByRole('link', { name: 'Look up' }).click()
  await page.getByRole('textbox', { name: 'customer, one a line' }).fill('ada\nnobody')
  await page.getByLabel('At').fill('2026-01-07T12:00')
  await page.getByRole('button', { name: 'Look up' }).click()
  await page.getByRole('row', { name: /^ada 7 18$/ }).waitFor()
  await page.getByRole('row', { name: /^nobody missing/ }).waitFor()
  await window.close()
})

test('a pull that takes long tells how far it is, and is stopped', { timeout: 90_000 }, async () => {
  const endless = new Database(join(stand.folder, 'endless.db'))
  endless.exec('CREATE VIEW counted AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c')
  endless.close()
  await stand.ask('PUT', `${base}/sources/endless`, { kind: 'sqlite', path: 'endless.db', table: 'counted' })
  await stand.ask('PUT', `${base}/datasets/endless`, { from: 'endless' })
  const window = await stand.open()
  const { page } = window
  await window.go('/data/endless')
  await page.getByRole('button', { name: 'Make a version now' }).click()
  await page
    .locator('[aria-current="step"]')
    .getByText(/[\d.]+ [kM]B/)
    .waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('It was cancelled').waitFor()
  expect(await stand.ask('GET', `${base}/datasets/endless`)).toMatchObject({ versions: 0 })
  await window.close()
})
