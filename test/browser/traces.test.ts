import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStand, project, type Stand } from './stand.ts'

const start = 1_760_000_000_000_000_000n
const millisecond = 1_000_000n
const trace = 'a'.repeat(32)

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
  const { experiment_id } = await stand.ask<{ experiment_id: string }>(
    'POST',
    `/mlflow/${project}/api/2.0/mlflow/experiments/create`,
    { name: 'assistant' },
  )
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const span = (id: string, parent: string, name: string, from: bigint, to: bigint, fields: object = {}) => ({
    traceId: trace,
    spanId: id.repeat(16),
    parentSpanId: parent.repeat(16),
    name,
    startTimeUnixNano: String(start + from * millisecond),
    endTimeUnixNano: String(start + to * millisecond),
    ...fields,
  })
  const answer = await fetch(`${stand.address}/mlflow/${project}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-mlflow-experiment-id': experiment_id },
    body: JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                span('1', '', 'assistant', 0n, 400n, { attributes: [attribute('mlflow.spanInputs', 'Where is it?')] }),
                span('2', '1', 'search', 10n, 150n, { attributes: [attribute('mlflow.spanType', 'TOOL')] }),
                span('3', '2', 'embed', 20n, 60n),
                span('4', '1', 'write', 160n, 400n, {
                  attributes: [attribute('mlflow.spanOutputs', 'On its way'), attribute('model', 'tiny')],
                  status: { code: 2, message: 'too slow' },
                  events: [{ name: 'first token', timeUnixNano: String(start + 170n * millisecond) }],
                }),
              ],
            },
          ],
        },
      ],
    }),
  })
  expect(answer.status).toBe(200)
  await stand.ask('POST', `/mlflow/${project}/api/3.0/mlflow/traces/tr-${trace}/assessments`, {
    assessment: {
      assessment_name: 'helpful',
      source: { source_type: 'HUMAN', source_id: 'ann' },
      feedback: { value: true },
      rationale: 'it says where',
    },
  })
}, 180_000)
afterAll(() => stand?.stop())

test('traces are found by words and by conditions, and opened', { timeout: 60_000 }, async () => {
  const window = await stand.open()
  const { page } = window
  await window.go('/traces')
  await page.getByText('1 trace', { exact: true }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('parcel')
  await page.getByText('No trace fits').waitFor()
  await page.getByRole('searchbox').fill('where way')
  await page.getByText('1 found').waitFor()
  await page.getByRole('searchbox').fill("span.type = 'TOOL' AND feedback.helpful = 'true'")
  await expect.poll(() => new URL(page.url()).searchParams.get('filter')).toContain('TOOL')
  await page.getByText('1 found').waitFor()
  await page.getByRole('searchbox').fill('span.colour = 1')
  await page.getByRole('alert').getByText('no colour').waitFor()
  await page.getByRole('searchbox').fill('')
  await page.getByRole('link', { name: 'assistant' }).click()
  await page.getByRole('tree').waitFor()
  // the refused filter is written to the console by the browser
  expect(window.problems.filter((problem) => !problem.includes('400'))).toEqual([])
  await window.context.close()
})

test('a trace is walked by keyboard, each span with what it did', { timeout: 60_000 }, async () => {
  const window = await stand.open({ scheme: 'dark' })
  const { page } = window
  await window.go(`/traces/tr-${trace}`)
  const tree = page.getByRole('tree')
  const chosen = () => tree.locator('[aria-selected="true"]').getAttribute('aria-label')
  const names = () => tree.getByRole('treeitem').evaluateAll((items) => items.map((item) => item.ariaLabel))
  expect(await names()).toEqual(['assistant, 400 ms', 'search, TOOL, 140 ms', 'embed, 40 ms', 'write, 240 ms, failed'])
  await page.getByText('it says where').waitFor()
  await page.getByText('Where is it?').waitFor()
  await tree.focus()
  await page.keyboard.press('ArrowDown')
  await expect.poll(chosen).toBe('search, TOOL, 140 ms')
  await page.keyboard.press('ArrowLeft')
  await expect.poll(async () => (await names()).length).toBe(3)
  await page.keyboard.press('ArrowDown')
  await expect.poll(chosen).toBe('write, 240 ms, failed')
  for (const text of ['too slow', 'On its way', 'first token', 'tiny']) await page.getByText(text).waitFor()
  await page.reload()
  await expect.poll(chosen).toBe('write, 240 ms, failed')
  await window.close()
})

test('a project without traces says how to make one', { timeout: 60_000 }, async () => {
  const window = await stand.open({ width: 390 })
  await window.go('/traces', 'blank')
  await window.page.getByText('No trace yet').waitFor()
  await window.page.getByRole('button', { name: 'Copy the command' }).click()
  expect(await window.page.evaluate('navigator.clipboard.readText()')).toContain(
    `mlflow.set_tracking_uri("${stand.address}/mlflow/blank")`,
  )
  await window.context.close()
})
