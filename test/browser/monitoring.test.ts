import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { logWatched } from './log-watched.ts'
import { openStand, project, type Stand, type Window } from './stand.ts'

const endpoint = 'watched'
let stand: Stand
let window: Window

beforeAll(async () => {
  stand = await openStand()
  await logWatched(stand.ask, { project, endpoint, days: 42, rows: 120, features: 3, unlabelled: 8 })
}, 180_000)
afterAll(() => stand?.stop())

beforeEach(async () => {
  window = await stand.open()
  return () => window.close()
})

const open = (query: string) => window.go(`/monitoring?endpoint=${endpoint}&${query}`)
const query = () => new URL(window.page.url()).searchParams
const panel = (name: string | RegExp) =>
  window.page.locator('section', { has: window.page.getByRole('heading', { name }) })

describe('drift', () => {
  test('the map is walked by keys, says what a cell means, and opens its distribution down to the rows', async () => {
    await open('tab=drift')
    const map = window.page.getByRole('group', { name: 'Drift by feature and window' })
    await map.focus()
    await window.page.keyboard.press('ArrowLeft')
    for (const name of ['Samples', 'Ordinary', 'Reference', 'formula'])
      await window.page.getByText(name, { exact: true }).first().waitFor()
    expect(await map.locator('[aria-live]').textContent()).toMatch(/out of the ordinary/)
    await window.page.keyboard.press('Enter')
    await panel(/beside endpoint\/watched/).waitFor()
    expect(query().get('feature')).toBeTruthy()
    expect(Number(query().get('window'))).toBeGreaterThan(0)
  })

  test('a link shows the same: window, reference and the rows behind a bar, page by page', async () => {
    await open('tab=drift&feature=channel&of=week&against=before&bar=0')
    await panel('channel beside the window before').waitFor()
    const rows = panel(/Rows behind the bar: channel (web|shop)/)
    const first = await rows.getByRole('link').first().textContent()
    expect(await rows.getByRole('row').count()).toBe(26)
    await rows.getByRole('button', { name: 'Older' }).click()
    await expect.poll(() => rows.getByRole('link').first().textContent()).not.toBe(first)
  })

  test('a bar of numbers and of missing values', async () => {
    await open('tab=drift&feature=age')
    await window.page
      .getByRole('group', { name: /Distribution/ })
      .getByRole('button')
      .nth(9)
      .click()
    await panel(/Rows behind the bar: age .* to /)
      .getByRole('link')
      .first()
      .waitFor()
    await panel(/age beside/)
      .locator('dd button, button')
      .filter({ hasText: '%' })
      .click()
    await panel('Rows behind the bar: age missing').getByRole('cell', { name: 'missing' }).first().waitFor()
  })
})

test('what its settings promise of false alarms is said, with what that means', async () => {
  await open('tab=alerts')
  await window.page
    .getByText(/^False alarms: 30 days without any change/)
    .getByText('20 %')
    .hover()
  await window.page.getByText(/over all monitors together/).waitFor()
})

test('fairness says its smallest group and its intervals', async () => {
  await open('tab=bias&attribute=city')
  await window.page.getByText(/nothing is said of groups below 30 rows/).waitFor()
  await window.page.getByRole('img', { name: 'Predicted positive by group' }).getByText(/Chur/).waitFor()
})

test('the segment that the model is wrong in is found', async () => {
  await open('tab=segments&span=30')
  const tiles = window.page.getByRole('group', { name: /Segments by size/ })
  await tiles.getByRole('button', { name: /Chur/ }).first().click()
  expect(query().get('segment')).toContain('Chur')
})

test('checks of inputs over time; a cell leads to its history', async () => {
  await open('tab=quality')
  await window.page.getByRole('group', { name: 'Quality by check and window' }).click()
  expect(query().get('score')).toMatch(/^quality\./)
})

describe('performance', () => {
  test('the estimate stands beside what was realised; every curve is there', async () => {
    await open('tab=performance')
    await window.page.getByRole('button', { name: 'estimated without labels' }).waitFor()
    for (const name of ['ROC curve', 'Precision over recall', 'Gain', 'Lift', 'Reliability'])
      await window.page.getByRole('figure', { name }).locator('canvas').waitFor()
  })

  test('the slider moves the confusion by keys, and a cell leads to as many rows as it counts', async () => {
    await open('threshold=0.6&span=30')
    const slider = window.page.getByRole('slider', { name: 'Threshold' })
    const cell = window.page.getByRole('button', { name: /false alarms/ })
    const alarms = async () => Number.parseInt((await cell.textContent())!.replaceAll(',', ''), 10)
    const before = await alarms()
    await slider.focus()
    for (let i = 0; i < 3; i++) await window.page.keyboard.press('PageUp')
    await expect.poll(alarms).toBeLessThan(before)
    expect(Number(query().get('threshold'))).toBeGreaterThan(0.6)
    const counted = await alarms()
    expect(counted).toBeGreaterThan(0)
    await cell.click()
    const rows = panel(/Rows behind false alarms/)
    await expect.poll(() => rows.getByRole('row').count()).toBe(1 + Math.min(25, counted))
  })

  test('a segment that a search found is chosen by keys and kept on the way to drift and its rows', async () => {
    await open('span=30')
    const choice = window.page.getByLabel('Segment')
    await choice.locator('option', { hasText: 'city = Chur (worse)' }).first().waitFor({ state: 'attached' })
    await choice.selectOption('city=Chur')
    await panel('Log loss of city = Chur').waitFor()
    await window.page.getByRole('figure', { name: 'ROC curve' }).locator('canvas').waitFor()
    await window.page.getByRole('link', { name: 'Drift', exact: true }).click()
    await panel('Distance from the reference')
      .getByText(/of city = Chur, from a sample/)
      .waitFor()
    await open('tab=drift&feature=channel&segment=city%3DChur&bar=0')
    const rows = panel(/Rows behind the bar: channel/)
    await rows.getByRole('cell', { name: 'Chur' }).first().waitFor()
    expect(await rows.getByRole('cell', { name: 'Basel' }).count()).toBe(0)
  })
})

test.each(['', 'threshold=0.3&cell=found', 'tab=drift&feature=age', 'tab=quality', 'tab=bias', 'tab=segments'])(
  'on a telephone nothing is wider than the screen: %s',
  async (tab) => {
    await window.context.close()
    window = await stand.open({ width: 390, scheme: 'dark' })
    await open(tab)
    await window.page.waitForFunction('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
  },
)
