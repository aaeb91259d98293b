import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { cli } from './run-cli.ts'

let folder: string
const check = (...args: string[]) => cli(['check', ...args], { cwd: folder })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-check-test-'))
  const table = (shift: number) =>
    `x,c\n${Array.from({ length: 1000 }, (_, i) => `${((i * 7919) % 1000) + shift},${'abc'[i % 3]}`).join('\n')}\n`
  writeFileSync(join(folder, 'a.csv'), table(0))
  writeFileSync(join(folder, 'b.csv'), table(0))
  writeFileSync(join(folder, 'moved.csv'), table(400))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('0 when nothing is wrong, 1 when what --fail-on names is, 2 when the command or a file is', async () => {
  const fine = await check('a.csv', 'b.csv')
  expect(fine, fine.err).toMatchObject({ code: 0 })
  expect(fine.out).toMatch(/1,000 rows\) against a\.csv/)
  const moved = await check('a.csv', 'moved.csv', '--fail-on', 'drift', '--json', '--report', 'out.html')
  expect(moved).toMatchObject({ code: 1 })
  const { verdict, failed } = moved.json<Comparison & { failed: string[] }>()
  expect([verdict.drift, failed]).toEqual(['violation', ['drift']])
  expect(readFileSync(join(folder, 'out.html'), 'utf8')).toContain('moved.csv against a.csv')
  expect((await check('a.csv', 'moved.csv', '--fail-on', 'bias')).code).toBe(0)
  const missing = await check('a.csv', 'gone.csv')
  expect([missing.code, missing.err]).toEqual([
    2,
    expect.stringMatching(/gone\.csv cannot be compared: there is no such file/),
  ])
  const column = await check('a.csv', 'b.csv', '--target', 'late')
  expect([column.code, column.err]).toEqual([2, expect.stringMatching(/a\.csv has no column late; it has x, c/)])
})

test.each([
  [['--fail-on', 'rain'], /none of quality, drift, performance, bias/],
  [['--alpha', 'drift=7'], /between 0 and 0\.5/],
  [['--threshold', 'weather=1'], /none of/],
  [['--report', 'out.docx'], /\.html, \.pdf, \.json, \.parquet/],
])('%j is refused before anything is read', async (options, told) => {
  const { code, err } = await check('a.csv', 'b.csv', ...options)
  expect([code, err]).toEqual([2, expect.stringMatching(told)])
})
