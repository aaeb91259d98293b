import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { openStand, project, type Stand, until, type Window } from '../browser/stand.ts'

const day = 86_400_000
const start = Date.UTC(2001, 2, 1)
const airports = ['ORD', 'ATL', 'LAX', 'SFO', 'SJC']
const base = `/api/v1/projects/${project}`
const page = '/endpoints/delay/explanations'

let stand: Stand
let window: Window

beforeAll(async () => {
  stand = await openStand()
  const { addresses } = await stand.ask<{ addresses: { inference: string } }>('GET', '/api/v1/status')
  const random = seededRandom(3)
  for (let at = 0; at < 6; at++) {
    const instances = Array.from({ length: 80 }, (_, i) => ({
      id: `flight-${at}-${i}`,
      time: start + at * day + i * 900_000,
      features: {
        // flights become longer in the end
        distance: Math.round((at < 5 ? 700 : 3000) * -Math.log(random())),
        hour: Math.floor(random() * 24),
        origin: airports[Math.floor(random() * airports.length)],
      },
    }))
    const answer = await fetch(`${addresses.inference}/projects/${project}/endpoints/delay/predict`, {
      method: 'POST',
      body: JSON.stringify({ instances }),
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.ok).toBe(true)
  }
  await until(async () => {
    const { days } = await stand.ask<{ days: number }>('POST', `${base}/endpoints/delay/explanations/refresh`)
    const { items } = await stand.ask<{ items: unknown[] }>('GET', `${base}/endpoints/delay/explanations/history`)
    return days === 0 && items.length === 6
  })
}, 120_000)
afterAll(() => stand?.stop())

beforeEach(async () => {
  window = await stand.open()
  return () => window.close()
})

const query = () => new URL(window.page.url()).searchParams

/** Pictures for people to look at, where somebody wants them. */
async function picture(name: string) {
  const folder = process.env.KEDGE_TEST_PICTURES
  if (folder) await window.page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

describe('importance', () => {
  test('bars say what they are of; one leads along its feature, and back by the address', async () => {
    await window.go(page)
    const bars = window.page.getByRole('region', { name: 'Importance' }).getByRole('button')
    await bars.first().waitFor()
    expect(await bars.count()).toBe(3)
    await window.page.getByRole('img', { name: /Attributions of every/ }).waitFor()
    await picture('importance')
    await bars.first().hover()
    await window.page.getByText('Share of all').waitFor()
    await window.page.getByText(/95 % interval of a stratified sample/).waitFor()
    const name = (await bars.first().locator('span').first().textContent())!
    await bars.first().click()
    await window.page.getByRole('heading', { name: `What ${name} adds by its value` }).waitFor()
    expect([query().get('tab'), query().get('feature')]).toEqual(['dependence', name])
    await window.page.reload()
    await window.page.getByRole('heading', { name: `What ${name} adds by its value` }).waitFor()
  })

  test('a dot of the swarm is a prediction, which is explained step by step', async () => {
    await window.go(page)
    const dot = window.page.locator('svg[role="img"] circle').first()
    await dot.hover({ force: true })
    await window.page.getByText(/score 0/).waitFor()
    await dot.click({ force: true })
    const steps = window.page.getByRole('list', { name: 'From the base to the prediction' }).getByRole('listitem')
    await steps.first().waitFor()
    // base, three features, the prediction
    expect(await steps.count()).toBe(5)
    expect(query().get('id')).toMatch(/^flight-/)
    await picture('prediction')
  })

  test('a segment has its own numbers, and keeps them in the address', async () => {
    await window.go(`${page}?segment=origin%3DORD`)
    const select = window.page.getByLabel('Segment')
    await window.page.getByText('not of a segment').waitFor()
    expect(await select.inputValue()).toBe('origin=ORD')
  })
})

test('what a feature adds, coloured by another; categories in columns', async () => {
  await window.go(`${page}?tab=dependence&feature=hour&colour=distance`)
  await window.page.getByRole('img', { name: 'Attribution of hour by its value' }).waitFor()
  await window.page.getByText('distance low to high').waitFor()
  await picture('dependence')
  await window.page.getByRole('combobox', { name: 'Feature' }).selectOption('origin')
  const plot = window.page.getByRole('img', { name: 'Attribution of origin by its value' })
  await plot.waitFor()
  for (const airport of airports) await plot.getByText(airport, { exact: true }).waitFor()
})

test.each(['light', 'dark'] as const)('importance over time, %s', async (scheme) => {
  await window.context.close()
  window = await stand.open({ scheme })
  await window.go(`${page}?tab=time`)
  const plot = window.page.getByRole('figure', { name: 'Importance of features over time' })
  await plot.locator('canvas').waitFor()
  await plot.hover()
  await plot.getByText(/samples, revision 1/).waitFor()
  await window.page.getByRole('figure', { name: 'Attribution drift over time' }).locator('canvas').waitFor()
  await picture(`time-${scheme}`)
  await window.go(page)
  await window.page.getByRole('img', { name: /Attributions of every/ }).waitFor()
  await picture(`importance-${scheme}`)
})

test('without a reference days are compared with the first one, and the far flights stand out', async () => {
  const { items } = await stand.ask<{ items: { drift: { missing?: string; p?: number } }[] }>(
    'GET',
    `${base}/endpoints/delay/explanations/history`,
  )
  expect(items[0]!.drift.missing).toMatch(/later days are compared/)
  expect(items.slice(1, -1).every(({ drift }) => drift.p! > 0.01)).toBe(true)
  expect(items.at(-1)!.drift.p).toBeLessThan(0.01)
})

test('what a version looks at: along a feature, and why it is not known what a feature is worth', async () => {
  await window.go('/models/delay/1')
  await window.page.getByRole('link', { name: 'What it looks at' }).click()
  await window.page.getByText(/too few rows with a truth/).waitFor()
  await window.page.getByRole('combobox', { name: 'Feature' }).selectOption('hour')
  await window.page.getByRole('figure', { name: 'Mean score by hour' }).locator('canvas').waitFor()
  await window.page.getByRole('combobox', { name: 'Feature' }).selectOption('origin')
  await window.page.getByRole('img', { name: 'Mean score by origin' }).getByText('ORD').waitFor()
  await picture('profile')
})

test('recorded predictions lead to their explanation', async () => {
  await window.go('/endpoints/delay?tab=predictions&id=flight-2-7')
  await window.page.getByRole('link', { name: 'flight-2-7' }).click()
  await window.page.getByRole('heading', { name: /From the base to this prediction, log odds/ }).waitFor()
})

test('an id that nobody predicted, and an endpoint that nothing is explained of', async () => {
  await window.go(`${page}?tab=prediction&id=nobody`)
  await window.page.getByText('Prediction nobody does not exist').waitFor()
  // the browser writes down every answer of 404
  expect(window.problems.splice(0).every((problem) => problem.includes('404'))).toBe(true)
  await window.go(`${page}?days=7&revision=1&segment=origin%3DNowhere`)
  await window.page.getByRole('heading', { name: 'Importance' }).first().waitFor()
})

test('on a telephone nothing is wider than the screen', async () => {
  await window.context.close()
  window = await stand.open({ width: 390 })
  for (const tab of ['', '?tab=dependence', '?tab=time', '?tab=prediction&id=flight-2-7']) {
    await window.go(`${page}${tab}`)
    await window.page.waitForFunction('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
  }
  await picture('telephone')
})
