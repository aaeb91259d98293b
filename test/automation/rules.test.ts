import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { type AutomationStand, day, february, me, openAutomationStand, project, until } from './stand.ts'

let postgres: PostgresServer
let databases = 0
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

const stores: [string, () => Promise<SqlStore | undefined>][] = [
  ['SQLite', async () => undefined],
  ['PostgreSQL', async () => openPostgres(await postgres.createDatabase(`rules_${++databases}`), Date.now)],
]

describe.each(stores)('automation rules on %s', (_, open) => {
  let directory: string
  let stand: AutomationStand
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kedge-rules-'))
    const store = await open()
    stand = await openAutomationStand(directory, store ? { store } : {})
  })
  afterEach(async () => {
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const rule = (spec: Record<string, unknown> = {}) =>
    stand.automation.rules.put(me, project, 'retrain', {
      on: 'drift.detected',
      endpoint: 'delay',
      do: 'run train',
      ...spec,
    })
  const firings = async () => (await stand.automation.firings.list(project)).items.reverse()
  const states = async () => (await firings()).map((firing) => firing.state)

  it('starts one retraining as of the end of the window that drifted, and says why', async () => {
    await rule({ params: { depth: 2 } })
    const event = await stand.openAlert(1, february)
    expect(stand.started).toEqual([{ id: 100, pipeline: 'train', asOf: february, cause: event }])
    const [firing] = await firings()
    expect(firing).toMatchObject({
      rule: 'retrain',
      cause: event,
      subject: 'alert/1',
      time: february,
      state: 'running',
      pipelineRun: 100,
    })
    const [fired] = await stand.environment.journal.read({ types: ['rule.fired'] })
    expect(fired).toMatchObject({
      cause: event,
      subject: 'rule/retrain',
      data: { run: 100, asOf: february, subject: 'alert/1' },
    })
  })

  it('looks only at what it is about', async () => {
    await rule()
    await stand.openAlert(1, february, 'quality')
    await stand.openAlert(2, february, 'drift', 'other')
    expect(await firings()).toEqual([])
    await stand.openAlert(3, february, 'performance')
    expect(stand.started).toHaveLength(1)
  })

  it('runs one at a time, keeps the cooldown by event time, and fires later for what goes on', async () => {
    await rule({ cooldown: '7d' })
    await stand.openAlert(1, february)
    await stand.openAlert(2, february + day)
    expect(await states()).toEqual(['running', 'waiting'])
    await stand.finishRun(100, 'succeeded', 2)
    expect(await states()).toEqual(['running', 'waiting'])
    await stand.decideGate(2, true)
    await until(async () => (await firings())[1]?.reason?.includes('cooldown'))
    expect(await states()).toEqual(['succeeded', 'waiting'])
    // the alert stays open, and its windows come to the end of the cooldown
    stand.alerts.set(2, { state: 'open', lastWindowEnd: february + 6 * day })
    await new Promise((done) => setTimeout(done, 50))
    expect(stand.started).toHaveLength(1)
    stand.alerts.set(2, { state: 'open', lastWindowEnd: february + 8 * day })
    await until(async () => stand.started.length === 2)
    expect(stand.started[1]).toMatchObject({ asOf: february + 8 * day })
  })

  it('leaves alone what was over before it could fire, and what a newer cause replaces', async () => {
    await rule({ cooldown: '30d' })
    await stand.openAlert(1, february)
    await stand.finishRun(100, 'succeeded')
    await stand.openAlert(2, february + day)
    await stand.openAlert(3, february + 2 * day)
    expect(await states()).toEqual(['succeeded', 'ignored', 'waiting'])
    await stand.closeAlert(3)
    expect(await states()).toEqual(['succeeded', 'ignored', 'ignored'])
    expect((await firings()).map((firing) => firing.reason)).toEqual([
      null,
      'a newer cause waits: alert/3',
      'what caused it was over before the rule could fire',
    ])
  })

  it('looks at a cause once, however often it is told', async () => {
    await rule()
    await stand.openAlert(1, february)
    await stand.finishRun(100, 'succeeded')
    await stand.openAlert(1, february + 40 * day)
    expect(stand.started).toHaveLength(1)
    expect(await firings()).toHaveLength(1)
  })

  it('stops after too many retrainings that led to nothing, calls a person, and goes on when reset', async () => {
    await rule({ maxFailures: 2 })
    await stand.openAlert(1, february)
    await stand.finishRun(100, 'failed')
    expect(await stand.automation.rules.get(project, 'retrain')).toMatchObject({ state: 'active', failures: 1 })
    await stand.openAlert(2, february + day)
    await stand.finishRun(101, 'succeeded', 3)
    await stand.decideGate(3, false)
    expect(await stand.automation.rules.get(project, 'retrain')).toMatchObject({ state: 'tripped', failures: 2 })
    expect(await stand.environment.journal.read({ types: ['rule.tripped'] })).toMatchObject([
      { data: { rule: 'retrain', failures: 2 } },
    ])
    await stand.openAlert(3, february + 2 * day)
    expect(await states()).toEqual(['failed', 'failed', 'waiting'])
    expect(stand.started).toHaveLength(2)
    await stand.automation.rules.reset(me, project, 'retrain')
    await until(async () => stand.started.length === 3)
    await expect(stand.automation.rules.reset(me, project, 'retrain')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('forgets failures after a success, and does not count what a person cancelled', async () => {
    await rule({ maxFailures: 2 })
    await stand.openAlert(1, february)
    await stand.finishRun(100, 'failed')
    await stand.openAlert(2, february)
    await stand.finishRun(101, 'cancelled')
    expect(await stand.automation.rules.get(project, 'retrain')).toMatchObject({ state: 'active', failures: 1 })
    await stand.openAlert(3, february)
    await stand.finishRun(102, 'succeeded', 4)
    await stand.decideGate(4, true)
    expect(await stand.automation.rules.get(project, 'retrain')).toMatchObject({ state: 'active', failures: 0 })
  })

  it('fires on a schedule and on a new version of a dataset', async () => {
    await stand.automation.rules.put(me, project, 'nightly', {
      on: 'schedule',
      cron: '* * * * * *',
      do: 'run train',
      cooldown: '1h',
    })
    await until(async () => stand.started.length > 0)
    expect(stand.started[0]).toMatchObject({ pipeline: 'train', asOf: undefined, cause: undefined })
    await until(async () =>
      (await firings()).some(
        (firing) => firing.state === 'ignored' && firing.reason?.includes('has not come to its end'),
      ),
    )
    expect((await stand.automation.rules.nextTimes(project)).get('nightly')).toBeGreaterThan(Date.now() - 2000)
    await stand.automation.rules.remove(me, project, 'nightly')
    expect((await stand.automation.rules.nextTimes(project)).size).toBe(0)

    await stand.automation.rules.put(me, project, 'fresh', {
      on: 'dataset_version.published',
      dataset: 'flights',
      do: 'run train',
    })
    const before = stand.started.length
    for (const dataset of ['other', 'flights'])
      await stand.append({
        type: 'dataset_version.published',
        project,
        subject: `dataset_version/${dataset}@1`,
        data: {
          dataset,
          version: 1,
          digest: '',
          rows: 1,
          quarantined: 0,
          removed: 0,
          specDigest: '',
          window: null,
          sources: [],
          parent: null,
        },
      })
    expect(stand.started.length).toBe(before + 1)
  })

  it('refuses what cannot work', async () => {
    await expect(rule({ do: 'run nothing' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(rule({ on: 'schedule', endpoint: undefined })).rejects.toMatchObject({
      code: 'invalid_input',
      places: [{ where: 'cron' }],
    })
    await expect(rule({ on: 'schedule', cron: 'sometimes' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(rule({ cron: '* * * * *' })).rejects.toMatchObject({ places: [{ where: 'cron' }] })
    await expect(rule({ endpoint: undefined, dataset: 'x' })).rejects.toMatchObject({ places: [{ where: 'dataset' }] })
    await rule()
    const before = await stand.environment.journal.head()
    await rule()
    expect(await stand.environment.journal.head()).toBe(before)
  })
})

describe('a rule over real pipelines', () => {
  it('brings a run to its end and names what caused it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kedge-rules-real-'))
    const stand = await openAutomationStand(directory, { realPipelines: true })
    await stand.automation.rules.put(me, project, undefined, { on: 'drift.detected', do: 'run train' })
    const event = await stand.openAlert(1, february)
    const firing = await until(async () =>
      (await stand.automation.firings.list(project)).items.find((one) => one.state === 'succeeded'),
    )
    expect(firing).toMatchObject({ rule: 'drift-detected-run-train', cause: event })
    expect(await stand.pipelines.runs.get(project, firing.pipelineRun!)).toMatchObject({
      state: 'succeeded',
      asOf: february,
      cause: event,
    })
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })
})
