import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fixtures } from './stand.ts'

/** Loads a model in a process whose temporary and home folders are empty; what the process leaves there. */
function traces(program: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-telemetry-'))
  try {
    const { CI: _, ORT_DISABLE_TELEMETRY: __, ...environment } = process.env
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: new URL('../..', import.meta.url).pathname,
      env: { ...environment, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder, NODE_COMPILE_CACHE: '' },
      encoding: 'utf8',
    })
    expect(status, stderr).toBe(0)
    return readdirSync(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const model = JSON.stringify(join(fixtures, 'delay-1/model.onnx'))

test('a model that Kedge loads is reported to nobody', () => {
  // the runtime by itself keeps a name of this machine for its reports: were it not so, this test could not fail
  expect(
    traces(`import { InferenceSession } from 'onnxruntime-node'; await InferenceSession.create(${model})`),
  ).not.toEqual([])
  expect(
    traces(`import './src/adapters/runtimes/onnx-session.ts'
      import { InferenceSession } from 'onnxruntime-node'; await InferenceSession.create(${model})`),
  ).toEqual([])
})
