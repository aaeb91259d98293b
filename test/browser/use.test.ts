import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openStand, project, type Stand, type Window } from './stand.ts'

let stand: Stand
let window: Window
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand?.stop())
beforeEach(async () => {
  window = await stand.open()
  return async () => {
    expect(window.problems).toEqual([])
    await window.context.close()
  }
})

const title = () => window.page.locator('main h1').textContent()
const query = () => new URL(window.page.url()).searchParams

describe('keyboard', () => {
  test('g and a letter goes to each section', async () => {
    await window.go('')
    for (const [key, heading] of [
      ['d', 'Data'],
      ['r', 'Runs'],
      ['p', 'Pipelines'],
      ['m', 'Models'],
      ['e', 'Endpoints'],
      ['n', 'Monitoring'],
      ['j', 'Journal'],
      ['o', 'Overview'],
    ]) {
      await window.page.keyboard.press('g')
      await window.page.keyboard.press(key!)
      await expect.poll(title).toBe(heading)
    }
  })

  test('/ goes to the filter, Escape leaves it, ? explains, letters typed into a field go nowhere', async () => {
    await window.go('/runs')
    await window.page.keyboard.press('/')
    await window.page.keyboard.type('gd')
    expect(await window.page.locator('input[data-filter]').inputValue()).toBe('gd')
    expect(await title()).toBe('Runs')
    await window.page.keyboard.press('Escape')
    await window.page.keyboard.press('?')
    await window.page.getByRole('dialog').getByText('Monitoring').waitFor()
  })

  test('Ctrl+K finds a thing by its name', async () => {
    await window.go('')
    await window.page.keyboard.press('Control+k')
    await window.page.getByRole('textbox', { name: 'Find' }).fill('trips dataset')
    await window.page.keyboard.press('Enter')
    await expect.poll(title).toContain('trips')
    expect(window.page.url()).toMatch(/\/data\/trips$/)
  })
})

describe('data', () => {
  test('a version shows what became of its rows, and the quarantined ones with their reason', async () => {
    await window.go('/data/trips/1')
    await window.page.getByRole('img', { name: 'Distribution of distance' }).waitFor()
    await window.page.getByRole('link', { name: /^Quarantine/ }).click()
    await window.page.getByRole('table', { name: 'Rows' }).getByText('outliers').first().waitFor()
    expect(query().get('tab')).toBe('quarantine')
  })

  test('two versions are set side by side', async () => {
    await window.go('/data/trips?tab=diff')
    await window.page.getByRole('img', { name: 'distance in both versions' }).waitFor()
  })
})

describe('runs', () => {
  test('of 300 only those in view are on the page, and all can be reached', async () => {
    await window.go('/runs')
    const table = window.page.getByRole('table', { name: 'Runs' })
    await table.getByText('trial-299').waitFor()
    expect(await table.getByRole('row').count()).toBeLessThan(80)
    await expect
      .poll(async () => {
        await table.evaluate((frame) => frame.scrollTo(0, frame.scrollHeight))
        return table.getByText('trial-0', { exact: true }).count()
      })
      .toBe(1)
  })

  test('the filter and the order are in the address, and a link shows the same', async () => {
    await window.go('/runs')
    await window.page.locator('input[data-filter]').fill("metrics.auc > 0.89 AND params.depth = '3'")
    await window.page.getByText('1 found').waitFor()
    await window.page.getByRole('button', { name: 'auc' }).click()
    await expect.poll(() => query().get('sort')).toBe('-metrics.auc')
    const link = window.page.url()
    const other = await stand.open()
    await other.page.goto(link)
    await other.page.getByText('1 found').waitFor()
    await other.context.close()
  })

  test('a filter that is wrong says where', async () => {
    await window.go('/runs?filter=metrics.auc+%3E+%3E+1')
    await window.page.getByRole('alert').getByText('filter_invalid').waitFor()
    window.problems.length = 0
  })

  test('runs that are ticked are compared, and the choice stays in the address', async () => {
    await window.go('/runs')
    for (const name of ['Compare trial-299', 'Compare trial-298']) await window.page.getByLabel(name).check()
    await window.page.getByRole('combobox').first().selectOption('loss')
    await window.page.getByRole('radio', { name: 'time' }).click()
    await window.page.locator('figure[aria-label="loss by time"] canvas').waitFor()
    expect(query().get('compare')?.split(',')).toHaveLength(2)
    expect([query().get('metric'), query().get('by')]).toEqual(['loss', 'time'])
  })

  test('a run shows its params, metrics and their course', async () => {
    await window.go('/runs?filter=trial-7+')
    await window.page.getByRole('link', { name: 'trial-7', exact: true }).click()
    await window.page.locator('figure[aria-label="loss by step"] canvas').waitFor()
    await window.page.getByText('depth', { exact: true }).waitFor()
  })
})

describe('endpoint', () => {
  test('the form asks the endpoint and shows its answer', async () => {
    await window.go('/endpoints/delay?tab=use')
    await window.page.getByLabel('distance').fill('900')
    await window.page.getByRole('button', { name: 'Predict' }).click()
    await window.page.getByText('"score"').waitFor()
    expect(await window.page.locator('pre').first().textContent()).toContain('"distance":900')
  })

  test('a number explains itself when pointed at', async () => {
    await window.go('/endpoints/delay')
    await window.page.locator('.explained').first().hover()
    await window.page.getByText('over the last ten seconds').waitFor()
  })

  test('recorded predictions are listed', async () => {
    await window.go('/endpoints/delay?tab=predictions')
    await window.page.getByRole('table', { name: 'Predictions' }).getByText('trip-59').waitFor()
  })
})

describe('live', () => {
  test('an event shows on the overview and in the journal without loading again', async () => {
    await window.go('')
    await window.page.getByRole('status').getByText('Live').waitFor()
    const journal = await stand.open()
    await journal.go('/journal')
    await journal.page.getByRole('status').getByText('Live').waitFor()
    await stand.ask('POST', `/mlflow/${project}/api/2.0/mlflow/experiments/create`, { name: `live-${Date.now()}` })
    await window.page.getByRole('region', { name: 'Latest events' }).getByText('created').first().waitFor()
    await journal.page.getByRole('table', { name: 'Events' }).getByText('experiment.created').first().waitFor()
    await journal.page.getByRole('button', { name: 'Verify' }).click()
    await journal.page.getByText('fit their hashes').waitFor()
    await journal.context.close()
  })

  test('starting a pipeline goes to its run, whose log is shown', async () => {
    await window.go('/pipelines/train')
    await window.page.getByRole('button', { name: 'Start …' }).click()
    await window.page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await expect.poll(title).toMatch(/^Run \d+/)
    await window.page.locator('pre').getByText('nothing').waitFor()
  })
})
