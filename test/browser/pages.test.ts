import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStand, type Stand, type Window } from './stand.ts'

/** Every page, with something on it. */
const pages = [
  '',
  '/data',
  '/data/trips',
  '/data/trips?tab=diff',
  '/data/trips?tab=schema',
  '/data/trips?tab=curation',
  '/data/trips?tab=expectations',
  '/data/trips?tab=quality',
  '/data/trips?tab=quarantine',
  '/data/trips?tab=timeline',
  '/data/trips?tab=sql',
  '/data/trips?tab=consumers',
  '/data/trips?tab=declaration',
  '/data/trips/1',
  '/data/trips/1?tab=expectations',
  '/data/trips/1?tab=quarantine',
  '/data/trips/1?tab=rows',
  '/sources/trips',
  '/freshness',
  '/features',
  '/connect',
  '/connect?kind=mqtt',
  '/runs',
  '/traces',
  '/pipelines',
  '/pipelines/train',
  '/models',
  '/models/delay',
  '/models/delay?tab=promotions',
  '/models/delay?tab=compare',
  '/models/delay/1',
  '/endpoints',
  '/endpoints/delay',
  '/endpoints/delay?tab=releases',
  '/endpoints/delay?tab=use',
  '/endpoints/delay?tab=predictions',
  '/endpoints/delay?tab=requests',
  '/endpoints/delay?tab=instances',
  '/endpoints/delay?tab=capacity',
  '/endpoints/delay?tab=reports',
  '/endpoints/delay?tab=settings',
  '/endpoints/delay/explanations',
  '/monitoring',
  '/monitoring?tab=drift',
  '/monitoring?tab=quality',
  '/monitoring?tab=bias',
  '/monitoring?tab=service',
  '/monitoring?tab=alerts',
  '/journal',
  '/lineage/model_version/delay%401',
]
const sections = [
  '',
  '/data',
  '/features',
  '/freshness',
  '/runs',
  '/traces',
  '/pipelines',
  '/models',
  '/endpoints',
  '/monitoring',
  '/journal',
]

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand?.stop())

const widerThanWindow = ({ page }: Window) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
const ground = ({ page }: Window) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')

describe.each([
  { width: 1280, scheme: 'light' },
  { width: 390, scheme: 'dark' },
] as const)('every page at $width pixels, $scheme', ({ width, scheme }) => {
  test('shows itself without an error and without scrolling sideways', { timeout: 180_000 }, async () => {
    const window = await stand.open({ width, scheme })
    const broken: string[] = []
    for (const path of pages) {
      await window.go(path)
      if ((await widerThanWindow(window)) > 0) broken.push(`${path} is too wide`)
      if (await window.page.getByRole('alert').count())
        broken.push(`${path}: ${await window.page.getByRole('alert').first().textContent()}`)
    }
    expect([...broken, ...window.problems]).toEqual([])
    await window.context.close()
  })
})

describe('a project with nothing in it', () => {
  test('says on every page what to do next, with a command to copy where there is one', async () => {
    const window = await stand.open()
    for (const path of sections) {
      await window.go(path, 'blank')
      expect(await window.page.getByRole('alert').count(), path).toBe(0)
    }
    await window.go('/data', 'blank')
    await window.page.getByText('No dataset declared').waitFor()
    await window.page.getByRole('button', { name: 'Copy the command' }).first().click()
    expect(await window.page.evaluate('navigator.clipboard.readText()')).toBe('kedge apply -f kedge.yaml')
    await window.close()
  })

  test('a thing that does not exist gives its error with code and what to do', async () => {
    const window = await stand.open()
    await window.page.goto(`${stand.address}/projects/blank/models/nobody`)
    const alert = window.page.getByRole('alert').first()
    await alert.waitFor()
    expect(await alert.textContent()).toMatch(/nobody.*does not exist[\s\S]*not_found/)
    await window.context.close()
  })
})

describe('colours', () => {
  test('follow the system until chosen, and stay chosen', async () => {
    const window = await stand.open({ scheme: 'dark' })
    await window.go('')
    const dark = await ground(window)
    await window.page.getByRole('button', { name: /^Colours/ }).click()
    await expect.poll(() => ground(window)).not.toBe(dark)
    await window.page.reload()
    expect(await ground(window)).not.toBe(dark)
    await window.context.close()
  })
})

test('the files may be cached for ever, the page not; nothing may be framed or run inline', async () => {
  const page = await fetch(`${stand.address}/projects/pages/data`)
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self';.*frame-ancestors 'none'/)
  const [script] = /\/assets\/[^"]+\.js/.exec(await page.text())!
  const file = await fetch(`${stand.address}${script}`, { headers: { 'accept-encoding': 'br' } })
  expect(file.headers.get('cache-control')).toContain('immutable')
  expect(file.headers.get('content-encoding')).toBe('br')
  expect((await fetch(`${stand.address}/assets/../../package.json`)).status).toBe(404)
  expect((await fetch(`${stand.address}/assets/none.js`)).status).toBe(404)
})
