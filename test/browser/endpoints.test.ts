import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openStand, project, type Stand, until, type Window } from './stand.ts'

let stand: Stand
let window: Window
const base = `/api/v1/projects/${project}/endpoints`

beforeAll(async () => {
  stand = await openStand()
  await stand.ask('PUT', `${base}/elsewhere`, { external: true, features: { amount: 'number', city: 'category' } })
}, 120_000)
afterAll(() => stand?.stop())

beforeEach(async () => {
  window = await stand.open()
  return () => window.close()
})

const copied = async (label: string) => {
  await window.page.getByRole('button', { name: label }).click()
  return (await window.page.evaluate('navigator.clipboard.readText()')) as string
}
const run = (script: string) => promisify(execFile)('sh', ['-c', script])

describe('an endpoint whose model is served elsewhere', () => {
  test('says what is not known here, and neither a rate nor a split', async () => {
    await window.go('/endpoints')
    const row = window.page.getByRole('row', { name: /elsewhere/ })
    await row.getByText('served elsewhere, logged here').waitFor()
    expect(await row.textContent()).not.toMatch(/ms|\/s|%/)
    await window.go('/endpoints/elsewhere')
    await window.page.getByText(/Kedge does not serve this model/).waitFor()
    for (const name of ['Traffic', 'Capacity', 'Instances'])
      expect(await window.page.getByText(name, { exact: true }).count(), name).toBe(0)
    const { live } = await stand.ask<{ live: { rate: number | null } }>('GET', `${base}/elsewhere`)
    expect(live.rate).toBeNull()
  })

  test('what it offers to copy works: curl logs a prediction and its actual', async () => {
    await window.go('/endpoints/elsewhere')
    const logged = await run(await copied('Copy how to log predictions'))
    expect(JSON.parse(logged.stdout)).toMatchObject({ accepted: 1 })
    const actual = await run(await copied('Copy how to send actuals'))
    expect(JSON.parse(actual.stdout)).toMatchObject({ accepted: 1, unknown: 0 })
    await window.go('/endpoints/elsewhere?tab=predictions')
    await stand.ask('POST', `${base}/elsewhere/logged-explanations`, {
      items: [{ id: 'my-id-1', values: { amount: 0.3, city: -0.1 } }],
    })
    await window.page.getByRole('link', { name: 'my-id-1' }).click()
    await window.page.getByRole('img', { name: 'What each feature added (shap)' }).getByText('amount').waitFor()
  })

  test('its report is a command and a file', async () => {
    await window.go('/endpoints/elsewhere?tab=reports')
    expect(await copied('Copy the command of a report')).toMatch(
      /^kedge report elsewhere --project pages .*-o elsewhere/,
    )
    expect(await copied('Copy the command of a check')).toContain('--fail-on drift,quality')
  })
})

test('settings show the kedge.yaml that they make, and are applied', async () => {
  await window.go('/endpoints/delay?tab=settings')
  const yaml = window.page.locator('section', { has: window.page.getByRole('heading', { name: 'kedge.yaml' }) })
  const apply = yaml.getByRole('button', { name: 'Apply' })
  expect(await apply.isDisabled()).toBe(true)
  await window.page.getByLabel(/Rate of a caller/).fill('25')
  await window.page.getByLabel('Period of the rate').selectOption('a minute')
  await window.page.getByLabel('origin on record').selectOption('a pseudonym')
  await window.page.getByLabel(/^Canary/).fill('10, 5')
  await window.page.getByText('Shares rise and stay below 100.').waitFor()
  await window.page.getByLabel(/^Canary/).fill('10, 50')
  const text = await copied('Copy the kedge.yaml')
  expect(text).toContain('rate: 25/m')
  expect(text).toMatch(/personal:\s+- origin/)
  expect(text).toMatch(/canary:\s+- 10%\s+- 50%/)
  await apply.click()
  await window.page.getByText('Settings of delay applied').waitFor()
  await until(async () => {
    const { spec } = await stand.ask<{ spec: { limits: object; release: object; record: object } }>(
      'GET',
      `${base}/delay`,
    )
    expect(spec).toMatchObject({
      limits: { rate: { count: 25, per: 60_000 } },
      release: { canary: [10, 50] },
      record: { personal: { origin: 'hash' } },
    })
    return true
  })
})
