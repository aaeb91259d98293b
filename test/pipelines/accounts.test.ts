import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCodeState } from '../../src/cli/read-code-state.ts'
import { createAccounts } from '../../src/pipelines/accounts.ts'
import { readPipelineFiles } from '../../src/pipelines/pipeline-files.ts'
import type { PipelineRun } from '../../src/pipelines/pipeline-run.ts'
import { pipelineSpec } from '../../src/pipelines/pipeline-spec.ts'
import { openStand, type Stand } from './stand.ts'

const me = { actor: 'user/test' }
const project = 'p'
const prices = { currency: 'EUR', cpuHour: 3600, gpuHour: 36_000, gibHour: 36 }

const work = 'i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; echo done > "$KEDGE_OUTPUT_OUT"'
const spec = {
  steps: {
    prepare: { run: 'sh prepare.sh', outputs: { out: 'out.txt' } },
    fit: {
      run: `cat "$KEDGE_INPUT_ROWS"; ${work}`,
      inputs: { rows: { step: 'prepare', output: 'out' } },
      outputs: { out: 'out.txt' },
      resources: { memory: '256MiB' },
    },
  },
}

describe('what runs ran with, used and cost', () => {
  let directory: string
  let repository: string
  let stand: Stand
  let commit: string
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' })

  async function apply() {
    const files = await readPipelineFiles(repository, pipelineSpec.parse(spec))
    await stand.pipelines.put(me, project, 'train', spec, files)
    const state = await readCodeState(repository)
    if (state) await stand.pipelines.code.put(me, project, ['train'], { untracked: [], ...state })
    return state
  }
  async function start(force = false): Promise<PipelineRun> {
    const run = await stand.pipelines.start(me, project, 'train', { force })
    await stand.environment.jobs.wait(run.jobId!)
    return stand.pipelines.runs.get(project, run.id)
  }
  const accountOf = async (id: string) =>
    createAccounts(stand.environment, prices).ofRun(await stand.tracking.runs.get(project, id))

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kedge-accounts-'))
    repository = join(directory, 'repository')
    mkdirSync(repository)
    git('init', '-q', '-b', 'main')
    git('remote', 'add', 'origin', 'https://ann:secret@git.example/team/models.git')
    writeFileSync(join(repository, 'prepare.sh'), work)
    git('add', '.')
    git('commit', '-q', '-m', 'first')
    commit = git('rev-parse', 'HEAD').trim()
    stand = await openStand(join(directory, 'data'), { serverUrl: 'http://127.0.0.1:4999', prices })
  })
  afterAll(async () => {
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('is the commit, the differences to it, the machine and metered seconds × price, without a line of the user', async () => {
    writeFileSync(join(repository, 'prepare.sh'), `${work}\necho changed\n`)
    writeFileSync(join(repository, 'new.txt'), 'not known')
    expect(await apply()).toMatchObject({ dirty: true, untracked: ['new.txt'] })
    const run = await start()
    expect(run.state).toBe('succeeded')
    const [prepare, fit] = run.steps
    const { tags, artifactUri } = await stand.tracking.runs.get(project, prepare!.trackingRun!)
    expect(tags).toMatchObject({
      'mlflow.source.git.commit': commit,
      'mlflow.source.git.branch': 'main',
      'mlflow.source.git.repoURL': 'https://git.example/team/models.git',
      'mlflow.source.git.dirty': 'true',
    })
    const { content } = await stand.tracking.artifacts.open(
      project,
      `${artifactUri.replace('mlflow-artifacts:/', '')}/code.diff`,
    )
    expect(await text(content)).toMatch(/^diff --git a\/prepare.sh[\s\S]*\+echo changed/)

    const account = await accountOf(prepare!.trackingRun!)
    expect(account).toMatchObject({
      code: { commit, branch: 'main', dirty: true, untracked: ['new.txt'], diff: 'code.diff', entry: 'train/prepare' },
      resources: { host: { cpus: cpus().length }, limits: { cpus: 1, memoryBytes: 2 * 2 ** 30 }, runningFor: null },
      cost: { currency: 'EUR', estimated: false },
      environment: null,
    })
    const { cpuSeconds, wallSeconds, maxMemoryBytes } = prepare!.usage!
    expect(account.cost!.amount).toBeCloseTo(cpuSeconds + ((maxMemoryBytes / 2 ** 30) * wallSeconds) / 100, 9)
    expect(account.cost!.amount).toBeGreaterThan(0)

    const accounts = createAccounts(stand.environment, prices)
    const whole = await accounts.ofPipelineRun(run.id)
    expect(Object.keys(whole.steps).sort()).toEqual(['fit', 'prepare'])
    expect(whole.total).toBeCloseTo(whole.steps.fit! + whole.steps.prepare!, 9)
    expect((await accounts.ofLineage(run.id, 'fit')).total).toBeCloseTo(whole.total, 9)
    expect((await accounts.ofLineage(run.id, 'prepare')).total).toBeCloseTo(whole.steps.prepare!, 9)

    // an equal run costs nothing, and what it has cost to make its outputs is what the earlier one cost
    const second = await start()
    expect(second.steps.map((step) => step.state)).toEqual(['skipped', 'skipped'])
    expect((await accounts.ofPipelineRun(second.id)).total).toBe(0)
    expect(await accounts.ofLineage(second.id, 'fit')).toEqual(await accounts.ofLineage(run.id, 'fit'))
    expect(fit!.trackingRun).not.toBeNull()
  })

  it('knows nothing of the code when the pipeline is no longer the one that was applied', async () => {
    await stand.pipelines.put(me, project, 'train', spec, { 'prepare.sh': Buffer.from(`${work}; echo other`) })
    const run = await start()
    const account = await accountOf(run.steps[0]!.trackingRun!)
    expect(account.code).toBeNull()
    expect(account.cost!.amount).toBeGreaterThan(0)
  })

  it('is estimated for runs of other clients, and only when there is a price', async () => {
    const experimentId = await stand.tracking.experiments.ensure(me, project, 'notebooks')
    const run = await stand.tracking.runs.create(me, {
      project,
      experimentId,
      startTime: 1_000_000,
      tags: [
        { key: 'mlflow.source.git.commit', value: commit },
        { key: 'mlflow.source.name', value: 'train.py' },
      ],
    })
    await stand.tracking.values.log(me, project, run.id, {
      metrics: [
        { key: 'system/system_memory_usage_megabytes', value: 2 ** 30 / 1e6, step: 0, time: 1 },
        { key: 'system/gpu_0_utilization_percentage', value: 50, step: 0, time: 1 },
        { key: 'system/gpu_1_utilization_percentage', value: 50, step: 0, time: 1 },
      ],
    })
    const open = await accountOf(run.id)
    expect(open.resources.runningFor).toBeGreaterThan(1e6)
    await stand.tracking.runs.update(me, project, run.id, { status: 'FINISHED', endTime: 1_000_000 + 100_000 })
    const account = await accountOf(run.id)
    expect(account).toMatchObject({
      resources: { wallSeconds: 100, cpuSeconds: null, gpus: 2, runningFor: null, host: null },
      code: { commit, entry: 'train.py', diff: null },
      cost: { estimated: true, currency: 'EUR' },
    })
    expect(account.cost!.amount).toBeCloseTo(100 + 1 + 2 * 1000, 6)
    const free = createAccounts(stand.environment, { ...prices, cpuHour: 0, gpuHour: 0, gibHour: 0 })
    expect((await free.ofRun(await stand.tracking.runs.get(project, run.id))).cost).toBeNull()
  })

  it('reads no state of code where there is no repository', async () => {
    expect(await readCodeState(directory)).toBeUndefined()
    expect(readFileSync(join(repository, 'new.txt'), 'utf8')).toBe('not known')
  })
})
