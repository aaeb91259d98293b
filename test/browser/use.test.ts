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
    // once for what it suggests, once for the field itself
    await window.page.keyboard.press('Escape')
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
  const table = () => window.page.getByRole('grid', { name: 'Runs' })
  const found = (text: string) => window.page.getByRole('status', { name: 'How many runs' }).getByText(text).waitFor()
  const tick = (name: string) => table().getByRole('row').filter({ hasText: name }).locator('[data-tick]').click()

  test('of 300 only those in view are on the page, and all can be reached', async () => {
    await window.go('/runs')
    await table().getByText('trial-299').waitFor()
    expect(await table().getByRole('row').count()).toBeLessThan(80)
    await expect
      .poll(async () => {
        await table().evaluate((frame) => frame.scrollTo(0, frame.scrollHeight))
        return table().getByText('trial-0', { exact: true }).count()
      })
      .toBe(1)
  })

  test('the filter completes itself, its order and columns are in the address, and a link shows the same', async () => {
    await window.go('/runs')
    const filter = window.page.locator('input[data-filter]')
    await filter.pressSequentially('au')
    await window.page.getByRole('option', { name: 'metrics.auc' }).waitFor()
    await filter.press('ArrowDown')
    await filter.press('Enter')
    await filter.pressSequentially("> 0.89 AND params.depth = '3'")
    await found('1 found')
    await window.page.getByRole('button', { name: 'auc', exact: true }).click()
    await expect.poll(() => query().get('sort')).toBe('-metrics.auc')
    await window.page.getByRole('button', { name: /^Columns/ }).click()
    await window.page.getByLabel('Find a column').fill('depth')
    await window.page.getByRole('checkbox', { name: 'depth param' }).uncheck()
    await expect.poll(() => query().get('columns')).toContain('metrics.loss')
    expect(query().get('columns')).not.toContain('depth')
    const other = await stand.open()
    await other.page.goto(window.page.url())
    await other.page.getByText('1 found').waitFor()
    expect(await other.page.getByRole('columnheader', { name: 'depth' }).count()).toBe(0)
    await other.context.close()
  })

  test('a filter that is wrong points at the character', async () => {
    await window.go('/runs?filter=metrics.auc+%3E+%3E+1')
    const alert = window.page.getByRole('alert')
    await alert.getByText('Character 15').waitFor()
    expect(await alert.locator('mark').textContent()).toBe('>')
    window.problems.length = 0
  })

  test('runs are selected by keyboard and by range, deleted, and brought back', async () => {
    await window.go('/runs?filter=trial-29')
    await found('11 found')
    await tick('trial-299')
    await table()
      .getByRole('row')
      .filter({ hasText: 'trial-297' })
      .locator('[data-tick]')
      .click({ modifiers: ['Shift'] })
    await window.page.getByText('3 selected').waitFor()
    await table().focus()
    await window.page.keyboard.press('Escape')
    await window.page.keyboard.press('ArrowDown')
    await window.page.keyboard.press('Space')
    await window.page.getByText('1 selected').waitFor()
    await window.page.getByRole('button', { name: 'Delete' }).click()
    await found('10 found')
    await window.page.getByRole('button', { name: 'Undo' }).click()
    await found('11 found')
  })

  test('a view is saved for everybody, and groups lead to their runs', async () => {
    await window.go('/runs?group=params.depth&filter=metrics.auc+%3E+0.8')
    const groups = window.page.getByRole('grid', { name: 'Groups of runs' })
    await groups.waitFor()
    await window.page.getByRole('button', { name: 'Views' }).click()
    await window.page.getByRole('menuitem', { name: /^Save/ }).click()
    await window.page.getByLabel('Name').fill('by depth')
    await window.page.getByRole('button', { name: 'Save' }).click()
    await window.page.getByRole('button', { name: 'by depth' }).waitFor()
    await groups.getByRole('row').nth(1).click()
    await expect.poll(() => query().get('filter')).toMatch(/^\(metrics\.auc > 0\.8\) AND params\.depth = '\d'$/)
    await window.page.getByRole('button', { name: 'Views' }).click()
    await window.page.getByRole('menuitem', { name: 'by depth' }).click()
    await groups.waitFor()
  })

  test('a run shows its params, metrics and their course; a stretch of it is in the address', async () => {
    await window.go('/runs?filter=trial-7+')
    await window.page.getByRole('link', { name: 'trial-7', exact: true }).click()
    await window.page.getByText('depth', { exact: true }).waitFor()
    await window.page.getByRole('link', { name: /^Metrics/ }).click()
    const plot = window.page.locator('figure[aria-label="loss by step"] canvas')
    await plot.waitFor()
    const box = (await plot.boundingBox())!
    await window.page.mouse.move(box.x + box.width * 0.4, box.y + 40)
    await window.page.mouse.down()
    await window.page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 4 })
    await window.page.mouse.up()
    await expect.poll(() => query().get('x')).toMatch(/^[\d.]+\.\.[\d.]+$/)
    await window.page.getByText(', 50 in all').waitFor()
  })

  test('notes are Markdown, and nothing in them can run', async () => {
    await window.go('/runs?filter=trial-8+')
    await window.page.getByRole('link', { name: 'trial-8', exact: true }).click()
    await window.page.getByRole('button', { name: 'Write' }).click()
    await window.page
      .getByLabel('Notes in Markdown')
      .fill(
        '**bold** <img src=x onerror="document.title=1"> <script>document.title=1</script> [x](javascript:alert(1)) ![y](data:text/html,z) [ok](https://example.org)',
      )
    await window.page.getByRole('button', { name: 'Save' }).click()
    const notes = window.page.locator('section').filter({ has: window.page.getByRole('heading', { name: 'Notes' }) })
    await notes.locator('strong').waitFor()
    expect(await notes.locator('img, script, iframe').count()).toBe(0)
    expect(await notes.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual([
      'https://example.org',
    ])
    expect(await notes.locator('p').textContent()).toMatch(/<script>document\.title=1<\/script> x y ok$/)
    expect(await title()).toContain('trial-8')
  })
})

describe('compare', () => {
  const base = `/api/v1/projects/${project}`
  const someRuns = async (filter: string) =>
    (await stand.ask<{ items: string[] }>('GET', `${base}/runs/ids?filter=${encodeURIComponent(filter)}`)).items

  test('what differs is listed, a brush keeps the runs within it, and all of it is in the address', async () => {
    const runs = await someRuns("run_name LIKE 'trial-10%'")
    expect(runs).toHaveLength(11)
    await window.go(`/runs/compare?runs=${runs.join(',')}`)
    const table = window.page.getByRole('grid', { name: 'Differences' })
    await table.getByRole('row').filter({ hasText: 'depth' }).waitFor()
    expect(await table.getByText('experiment', { exact: true }).count()).toBe(0)
    await window.page.getByLabel('Only what differs').uncheck()
    await table.getByText('experiment', { exact: true }).waitFor()

    await window.page.getByRole('link', { name: 'Parallel coordinates' }).click()
    const picture = window.page.getByRole('img', { name: /^11 runs over depth/ })
    const box = (await picture.boundingBox())!
    // the first axis is the param: its upper half
    await window.page.mouse.move(box.x + 70, box.y + 40)
    await window.page.mouse.down()
    await window.page.mouse.move(box.x + 70, box.y + 200, { steps: 4 })
    await window.page.mouse.up()
    await expect.poll(() => query().get('brush')).toMatch(/^params\.depth:0\.\d+\.\.1\.\d+$/)
    const kept = window.page.getByRole('button', { name: /^Compare only these \d+$/ })
    const other = await stand.open()
    await other.page.goto(window.page.url())
    await other.page.getByRole('button', { name: (await kept.textContent())! }).waitFor()
    await other.context.close()
    await window.page.getByRole('link', { name: 'Scatter' }).click()
    await window.page.getByRole('img', { name: /of 11 runs$/ }).waitFor()
    await window.page.getByRole('link', { name: 'Curves' }).click()
    await window.page.locator('figure[aria-label="loss by step"]').getByRole('button', { name: 'trial-100' }).waitFor()
  })

  test('the texts of two runs are compared line by line', async () => {
    const runs = await someRuns("run_name IN ('trial-20', 'trial-21')")
    for (const [i, run] of runs.entries()) {
      const { artifactUri } = await stand.ask<{ artifactUri: string }>('GET', `${base}/runs/${run}`)
      const path = artifactUri.replace(/^mlflow-artifacts:\/*/, '')
      const answer = await fetch(
        `${stand.address}/mlflow/${project}/api/2.0/mlflow-artifacts/artifacts/${path}/requirements.txt`,
        { method: 'PUT', body: `numpy==1.${i}\npandas==2.0\n` },
      )
      expect(answer.status).toBe(200)
    }
    await window.go(`/runs/compare?runs=${runs.join(',')}&tab=artifacts`)
    await window.page.getByRole('combobox', { name: 'File' }).selectOption('requirements.txt')
    await window.page.getByText('numpy==1.1').waitFor()
    await window.page.getByRole('radio', { name: 'line by line' }).click()
    await window.page.locator('[data-kind=removed]').getByText('numpy==1.0').waitFor()
    expect(await window.page.locator('[data-kind=same]').allTextContents()).toEqual(['pandas==2.0'])
  })
})

describe('models', () => {
  test('an alias is moved with a reason, which stays in the history', async () => {
    await window.go('/models/delay/1')
    await window.page.getByRole('button', { name: /^Move an alias/ }).click()
    await window.page.getByRole('combobox', { name: 'Alias' }).fill('trusted')
    await window.page.getByLabel('Reason').fill('it was right for a year')
    await window.page.getByRole('button', { name: 'Move', exact: true }).click()
    await window.page.getByText('@trusted is version 1', { exact: true }).waitFor()
    await window.go('/models/delay?tab=promotions')
    await window.page.getByRole('cell', { name: 'it was right for a year' }).waitFor()
    await window.page.getByTitle(/^version 1 from .*: it was right for a year$/).waitFor()
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
