import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openAcknowledgements } from './acknowledgements.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-acknowledged-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('remembers what was acknowledged, and forgets a line that was torn by the end of its process', () => {
  const path = join(folder, 'new', 'log.ndjson')
  const first = openAcknowledgements(path)
  first.predicted([{ id: 'a', revision: 1, score: 0.25 }])
  first.told(['a'])
  appendFileSync(path, '{"p":[["b",1')

  const second = openAcknowledgements(path)
  expect([...second.predictions.values()]).toEqual([{ id: 'a', revision: 1, score: 0.25 }])
  second.predicted([{ id: 'c', revision: 2, score: 0.5 }])

  const third = openAcknowledgements(path)
  expect([...third.predictions.keys()]).toEqual(['a', 'c'])
  expect([...third.actuals]).toEqual(['a'])
})
