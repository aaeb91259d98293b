import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { cli } from './run-cli.ts'

let folder: string
let project: string
let kedge: Kedge
const get = async (path: string) =>
  JSON.parse(await (await fetch(`${kedge.address}/api/v1/projects/costs/${path}`)).text())

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-costs-'))
  project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(
    join(project, 'kedge.yaml'),
    'project: costs\npipelines:\n  p:\n    steps:\n      a:\n        run: sh a.sh\n        outputs: { out: out.txt }\n',
  )
  writeFileSync(join(project, 'a.sh'), 'echo x > "$KEDGE_OUTPUT_OUT"\n')
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', project, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  writeFileSync(join(project, 'a.sh'), 'echo y > "$KEDGE_OUTPUT_OUT"\n')
  kedge = await startKedge(
    configSchema.parse({
      port: 0,
      data: join(folder, 'data'),
      roles: ['control'],
      priceGibHour: '36000',
      currency: 'EUR',
    }),
    silentLog,
  )
})
afterAll(async () => {
  await kedge.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a run that kedge started says its code, machine and cost, and so do its pipeline run and what is registered of it', async () => {
  const on = (...args: string[]) => cli(args, { url: kedge.address, cwd: project })
  expect((await on('apply')).code).toBe(0)
  expect(await on('run', 'p')).toMatchObject({ code: 0 })
  const { items } = await get('runs')
  const run = await get(`runs/${items[0].id}`)
  expect(run).toMatchObject({
    code: { branch: 'main', dirty: true, diff: 'code.diff', entry: 'p/a' },
    resources: { limits: { cpus: 1 }, runningFor: null },
    cost: { currency: 'EUR', estimated: false },
  })
  expect(run.cost.amount).toBeGreaterThan(0)
  const whole = await get('pipeline-runs/1/cost')
  expect(whole).toEqual({ total: run.cost.amount, currency: 'EUR', steps: { a: run.cost.amount } })

  const mlflow = (path: string, body: unknown) =>
    fetch(`${kedge.address}/mlflow/costs/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  await mlflow('registered-models/create', { name: 'm' })
  const made = await mlflow('model-versions/create', { name: 'm', source: `runs:/${run.id}`, run_id: run.id })
  expect(made.status).toBe(200)
  expect(await get('models/m/versions/1/cost')).toMatchObject({
    total: run.cost.amount,
    currency: 'EUR',
    estimated: false,
    steps: [{ run: 1, step: 'a', cost: run.cost.amount }],
  })
  expect(await get('pipeline-runs/99/cost')).toMatchObject({ error: { code: 'not_found' } })
})
