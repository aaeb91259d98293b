import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Stage {
  stage: string
  seconds: number
  [fact: string]: unknown
}

let data: string
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'kedge-loop-test-'))
})
afterAll(() => rmSync(data, { recursive: true, force: true }))

function loop(until: string): Promise<{ code: number | null; stages: Stage[]; progress: string }> {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, '../../src/cli/main.ts'),
    'loop',
    '--data',
    data,
    '--until',
    until,
  ])
  let out = ''
  let progress = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    progress += chunk.toString()
  })
  return new Promise((resolve) =>
    child.once('exit', (code) =>
      resolve({
        code,
        stages: out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Stage),
        progress,
      }),
    ),
  )
}

test('the flights loop closes: data, model, release, alert, retraining, gate, release, proof', {
  timeout: 480_000,
}, async () => {
  const { code, stages, progress } = await loop('2001-03-20')
  expect(code, progress).toBe(0)
  const names = stages.map(({ stage }) => stage)
  const story = [
    'serve',
    'apply',
    'data',
    'train',
    'release',
    'alert_opened',
    'rule_fired',
    'gate_passed',
    'release_advanced',
    'release_finished',
    'replay',
    'worth',
    'unchanged_world',
    'lineage',
    'journal',
    'done',
  ]
  let from = 0
  for (const name of story) {
    const at = names.indexOf(name, from)
    expect(at, `${name} after ${names.slice(0, from).join(' ')}`).toBeGreaterThanOrEqual(0)
    if (name !== 'release') from = at
  }
  const done = stages.at(-1)!
  expect(done).toMatchObject({ closed: true, restarts: 0 })
  expect((done.worth as { logLoss: unknown }).logLoss).toHaveProperty('difference')
  expect(existsSync(done.plot as string)).toBe(true)
  expect(stages.find(({ stage }) => stage === 'data')).toMatchObject({ version: 1, counts: { read: 508_239 } })

  // the same again goes on where it was: nothing is trained or asked again
  const again = await loop('2001-03-20')
  expect(again.code, again.progress).toBe(0)
  expect(again.stages.find(({ stage }) => stage === 'replay')).toMatchObject({ askedNow: 0 })
  expect(again.stages.at(-1)).toMatchObject({ closed: true, predictions: done.predictions })
})
