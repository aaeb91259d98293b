import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PipelineRun } from '../../src/pipelines/pipeline-run.ts'
import { readFolder } from '../../src/storage/blobs/folder.ts'
import { openStand, type Stand } from './stand.ts'

const me = { actor: 'user/test' }
const project = 'flights'
const asOf = Date.parse('2001-02-01T00:00:00Z')

describe('pipelines', () => {
  let directory: string
  let stand: Stand
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kedge-pipelines-'))
    stand = await openStand(directory, { serverUrl: 'http://127.0.0.1:4999' })
  })
  afterAll(async () => {
    await stand.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const put = (name: string, spec: unknown, files: Record<string, string> = {}) =>
    stand.pipelines.put(
      me,
      project,
      name,
      spec,
      Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    )
  async function finish(run: PipelineRun): Promise<PipelineRun> {
    await stand.environment.jobs.wait(run.jobId!).catch(() => {})
    return stand.pipelines.runs.get(project, run.id)
  }
  const start = async (name: string, options: Parameters<Stand['pipelines']['start']>[3] = {}) =>
    finish(await stand.pipelines.start(me, project, name, options))
  const logOf = async (run: PipelineRun, step: string) =>
    (await stand.pipelines.logs.read(project, run.id, step)).toString()
  const outputOf = async (run: PipelineRun, step: string, output: string) => {
    const found = run.steps.find((one) => one.name === step)!.outputs.find((one) => one.name === output)!
    return text(await stand.environment.blobs.get(found.digest))
  }

  const train = {
    params: { depth: 3 },
    steps: {
      fit: {
        run: 'sh fit.sh',
        inputs: {
          rows: { dataset: 'flights', window: { from: '-5d', to: '-2d' } },
          held: { dataset: 'flights', window: { from: '-2d', to: '0d' } },
        },
        outputs: { model: 'model/', count: 'count.txt' },
        register: { model: 'delay', output: 'model', holdout: 'held' },
      },
      report: {
        run: 'cat "$KEDGE_INPUT_COUNT" > "$KEDGE_OUTPUT_REPORT"; ls "$KEDGE_INPUT_MODEL"',
        inputs: { count: { step: 'fit', output: 'count' }, model: { step: 'fit', output: 'model' } },
        outputs: { report: 'report.txt' },
        track: false,
      },
    },
  }
  const fit =
    'wc -l < "$KEDGE_INPUT_ROWS" > "$KEDGE_OUTPUT_COUNT"; cp "$KEDGE_INPUT_ROWS" "$KEDGE_OUTPUT_MODEL/MLmodel"; echo \'{"task":"binary"}\' > "$KEDGE_OUTPUT_MODEL/kedge-model.json"; echo "uri=$MLFLOW_TRACKING_URI run=$MLFLOW_RUN_ID exp=$MLFLOW_EXPERIMENT_NAME depth=$KEDGE_PARAM_DEPTH as-of=$KEDGE_AS_OF"\n'

  it('runs steps with their inputs, tracks them, stores what they made and registers the model', async () => {
    await put('train', train, { 'fit.sh': fit })
    const run = await start('train', { asOf, params: { depth: 5 } })
    expect(run).toMatchObject({ state: 'succeeded', error: null, asOf })
    const [first, second] = run.steps
    expect(first).toMatchObject({
      name: 'fit',
      state: 'succeeded',
      attempt: 1,
      exitCode: 0,
      reason: 'exit',
      modelVersion: { model: 'delay', version: 1, reused: false },
    })
    expect(first!.inputs.map(({ name, dataset, version }) => ({ name, dataset, version }))).toEqual([
      { name: 'rows', dataset: 'flights', version: 1 },
      { name: 'held', dataset: 'flights', version: 2 },
    ])
    expect(second).toMatchObject({ name: 'report', state: 'succeeded', trackingRun: null })
    expect((await outputOf(run, 'report', 'report')).trim()).toBe('3')
    const log = await logOf(run, 'fit')
    expect(log).toContain(
      `uri=http://127.0.0.1:4999/mlflow/flights run=${first!.trackingRun} exp=train depth=5 as-of=2001-02-01T00:00:00.000Z`,
    )
    expect(await logOf(run, 'report')).toContain('MLmodel')
    const tracked = await stand.tracking.runs.get(project, first!.trackingRun!)
    expect(tracked).toMatchObject({ status: 'FINISHED' })
    const version = await stand.registry.versions.get(project, 'delay', 1)
    expect(version).toMatchObject({
      runId: first!.trackingRun,
      pipelineRun: run.id,
      step: 'fit',
      kind: 'mlflow',
      holdout: { dataset: 'flights', version: 2 },
      asOf,
      signature: { task: 'binary' },
      datasetVersions: [
        { dataset: 'flights', version: 1, role: 'training' },
        { dataset: 'flights', version: 2, role: 'holdout' },
      ],
    })
    const model = first!.outputs.find((one) => one.name === 'model')!
    expect(Object.keys((await readFolder(stand.environment.blobs, model.digest)).files)).toEqual([
      'MLmodel',
      'kedge-model.json',
    ])
    const events = await stand.environment.journal.read({ subject: `step/${run.id}/` })
    expect(events.map((event) => [event.type, event.subject])).toEqual([
      ['step.started', `step/${run.id}/fit`],
      ['step.finished', `step/${run.id}/fit`],
      ['step.started', `step/${run.id}/report`],
      ['step.finished', `step/${run.id}/report`],
    ])
    expect(readdirSync(join(directory, 'pipeline-runs', String(run.id)))).toEqual([])
  })

  it('skips what has not changed, and only that', async () => {
    const again = await start('train', { asOf, params: { depth: 5 } })
    expect(again.steps.map((step) => step.state)).toEqual(['skipped', 'skipped'])
    expect(again.steps[0]).toMatchObject({
      modelVersion: { model: 'delay', version: 1, reused: true },
      trackingRun: null,
    })
    expect((await outputOf(again, 'report', 'report')).trim()).toBe('3')

    const forced = await start('train', { asOf, params: { depth: 5 }, force: true })
    expect(forced.steps.map((step) => step.state)).toEqual(['succeeded', 'succeeded'])
    expect(forced.steps[0]!.modelVersion).toEqual({ model: 'delay', version: 2, reused: false })
    expect(forced.steps[0]!.outputs).toEqual(again.steps[0]!.outputs)

    const otherParam = await start('train', { asOf, params: { depth: 6 } })
    expect(otherParam.steps.map((step) => step.state)).toEqual(['succeeded', 'succeeded'])
    await put('train', train, { 'fit.sh': `${fit}echo more\n` })
    const otherCode = await start('train', { asOf, params: { depth: 5 } })
    // the same outputs under the same params: what follows has not changed
    expect(otherCode.steps.map((step) => step.state)).toEqual(['succeeded', 'skipped'])
    const otherTime = await start('train', { asOf: asOf + 86_400_000, params: { depth: 5 } })
    expect(otherTime.steps[0]!.state).toBe('succeeded')
  })

  it('gives the same run for the same key', async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(() => stand.pipelines.start(me, project, 'train', { asOf, key: 'once' })),
    )
    expect(a!.id).toBe(b!.id)
    await finish(a!)
    expect((await stand.pipelines.start(me, project, 'train', { asOf, key: 'once' })).id).toBe(a!.id)
  })

  it('ends with the reason when a step fails, and blocks what waits for it', async () => {
    await put('failing', {
      steps: { a: { run: 'echo before; exit 4' }, b: { run: 'true', needs: ['a'] }, c: { run: 'true' } },
    })
    const run = await start('failing')
    expect(run).toMatchObject({
      state: 'failed',
      error: { code: 'step_failed', message: 'The step a ended with exit code 4' },
    })
    expect(Object.fromEntries(run.steps.map((step) => [step.name, step.state]))).toMatchObject({
      a: 'failed',
      b: 'blocked',
    })
    const failed = run.steps.find((step) => step.name === 'a')!
    expect(failed).toMatchObject({ exitCode: 4, reason: 'exit' })
    expect(await stand.tracking.runs.get(project, failed.trackingRun!)).toMatchObject({ status: 'FAILED' })
    expect(await logOf(run, 'a')).toContain('before\n[kedge] The step a ended with exit code 4.')
  })

  it.each([
    ['takes too long', { run: 'sleep 60', resources: { timeout: '300ms' } }, 'step_timeout', 'timeout'],
    [
      'takes too much memory',
      {
        run: 'python3 -c "b = bytearray(900 << 20); b[::4096] = b\'x\' * len(b[::4096])"',
        resources: { memory: '64MiB' },
      },
      'step_memory',
      'memory',
    ],
    ['is not there', { run: 'no-such-program' }, 'step_command_missing', 'missing'],
    ['does not write its output', { run: 'true', outputs: { table: 'table.csv' } }, 'step_output_missing', 'exit'],
    ['leaves an output folder empty', { run: 'true', outputs: { model: 'model/' } }, 'step_output_missing', 'exit'],
    [
      'writes a link for an output',
      { run: 'ln -s /etc/passwd table.csv', outputs: { table: 'table.csv' } },
      'path_unsafe',
      'exit',
    ],
    [
      'makes no model',
      { run: 'echo > model/x', outputs: { model: 'model/' }, register: { model: 'm', output: 'model' } },
      'invalid_input',
      'exit',
    ],
  ])('says so when a step %s', async (_, step, code, reason) => {
    await put('broken', { steps: { only: step } })
    const run = await start('broken', { force: true })
    expect(run).toMatchObject({ state: 'failed', error: { code } })
    expect(run.steps[0]).toMatchObject({ state: 'failed', reason, error: { code } })
  })

  it('does not write to what is stored, even when a step tries', async () => {
    for (const executor of ['process', 'sandbox']) {
      await put(`vandal-${executor}`, {
        steps: {
          only: {
            executor,
            run: 'echo spoiled >> "$KEDGE_INPUT_ROWS"; true',
            inputs: { rows: { dataset: 'flights', window: { from: '-5d', to: '-2d' } } },
          },
        },
      })
      const run = await start(`vandal-${executor}`, { asOf })
      expect(run.state).toBe('succeeded')
      const input = run.steps[0]!.inputs[0]!
      expect(await text(await stand.environment.blobs.get(input.digest))).not.toContain('spoiled')
    }
  })

  it('tries again when a source is away, and gives up in the end', async () => {
    await put('away', {
      steps: { only: { run: 'true', inputs: { rows: { dataset: 'away', window: { from: '-1d', to: '0d' } } } } },
    })
    const run = await start('away')
    expect(run.state).toBe('failed')
    expect(run.error!.message).toContain('tried 4 times')
    expect(run.steps[0]).toMatchObject({ state: 'failed', attempt: 4 })
  })

  it('cancels a run that waits and one that runs', async () => {
    await put('long', { steps: { a: { run: 'echo ready; sleep 60' }, b: { run: 'true', needs: ['a'] } } })
    const running = await stand.pipelines.start(me, project, 'long')
    const gone = new AbortController()
    const seen: string[] = []
    for await (const piece of stand.pipelines.logs.follow(project, running.id, 'a', 0, gone.signal)) {
      seen.push('text' in piece ? piece.text : piece.state)
      if (seen.join('').includes('ready')) await stand.pipelines.runs.cancel(me, project, running.id).catch(() => {})
    }
    expect(seen.at(-1)).toBe('cancelled')
    const run = await finish(running)
    expect(run).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
    expect(run.steps.map((step) => step.state)).toEqual(['cancelled', 'cancelled'])
    expect(await stand.tracking.runs.get(project, run.steps[0]!.trackingRun!)).toMatchObject({ status: 'KILLED' })
    await expect(stand.pipelines.runs.cancel(me, project, running.id)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('names everything that is wrong with a declaration', async () => {
    const wrong = {
      steps: {
        a: {
          run: 'python a.py',
          code: ['a.py'],
          environment: { python: 'a.lock' },
          inputs: { x: { step: 'nowhere', output: 'y' } },
          executor: 'moon',
        },
        b: { run: 'x', needs: ['c'], resources: { memory: 'lots' } },
        c: { run: 'x', needs: ['b'], register: { model: 'm', output: 'missing' } },
      },
    }
    const error = await put('wrong', wrong).catch((thrown) => thrown)
    expect(error.code).toBe('invalid_input')
    expect(error.places.map((place: { where: string }) => place.where)).toContain('steps.b.resources.memory')
    const { memory: _, ...rest } = { memory: 0 }
    const second = await put('wrong', {
      steps: { ...wrong.steps, b: { run: 'x', needs: ['c'], resources: rest } },
    }).catch((thrown) => thrown)
    expect(second.places.map((place: { where: string }) => place.where).sort()).toEqual([
      'steps.a.inputs.x.step',
      'steps.b',
      'steps.c.register.output',
    ])
    const third = await put('wrong', { steps: { a: { ...wrong.steps.a, inputs: {} } } }).catch((thrown) => thrown)
    expect(third.places.map((place: { where: string }) => place.where).sort()).toEqual([
      'steps.a.code.0',
      'steps.a.environment.python',
      'steps.a.executor',
    ])
    await expect(stand.pipelines.start(me, project, 'train', { params: { unknown: 1 } })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })
})
