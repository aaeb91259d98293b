import { readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runtimes } from '../../src/adapters/runtimes/index.generated.ts'
import type { Column, LoadedModel } from '../../src/contracts/model-runtime.ts'
import { KedgeError } from '../../src/errors.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

interface Sample {
  folder: string
  options?: { python: string }
}

const makeModel = readFileSync(new URL('./make-python-model.py', import.meta.url), 'utf8')

/** A good model folder of each kind; every runtime needs one here. */
const samples: Record<string, (scratch: string) => Promise<Sample>> = {
  onnx: async () => ({ folder: fileURLToPath(new URL('../fixtures/models/delay-1', import.meta.url)) }),
  mlflow: async (scratch) => {
    const python = await pythonEnvironment(fileURLToPath(new URL('../mlflow/requirements.lock', import.meta.url)))
    const folder = join(scratch, 'model')
    await runPython(python, `import sys\nsys.argv = ["", ${JSON.stringify(folder)}]\n${makeModel}`)
    return { folder, options: { python } }
  },
  'open-inference': async (scratch) => {
    const fixture = fileURLToPath(new URL('../fixtures/models/delay-1', import.meta.url))
    const folder = join(scratch, 'served')
    await mkdir(folder)
    for (const file of ['kedge-model.json', 'expected.json']) await copyFile(join(fixture, file), join(folder, file))
    const server = fileURLToPath(new URL('../runtimes/v2-server.ts', import.meta.url))
    const serve = { command: [process.execPath, server, fixture], model: 'delay' }
    await writeFile(join(folder, 'kedge-serve.json'), JSON.stringify(serve))
    return { folder }
  },
}

const mainFile: Record<string, string> = {
  onnx: 'model.onnx',
  mlflow: 'MLmodel',
  'open-inference': 'kedge-serve.json',
}

describe.each(runtimes.map((runtime) => [runtime.kind, runtime] as const))('the runtime %s', (kind, runtime) => {
  let scratch: string
  let sample: Sample
  let model: LoadedModel
  let expected: { instances: Record<string, number | string>[]; scores: number[] }
  const columns = (instances: Record<string, number | string>[]): Column[] =>
    model.description!.features.map((feature) => instances.map((instance) => instance[feature.name]!) as Column)

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'kedge-runtime-'))
    sample = await samples[kind]!(scratch)
    expected = JSON.parse(readFileSync(join(sample.folder, 'expected.json'), 'utf8'))
    model = await runtime.load(sample.folder, sample.options)
  }, 600_000)
  afterAll(async () => {
    await model?.close()
    await rm(scratch, { recursive: true, force: true })
  })

  test('says what its inputs and its columns are', () => {
    expect(model.inputs.map((input) => input.name)).toEqual(['distance', 'hour', 'origin'])
    expect(model.outputs.length).toBeGreaterThan(0)
    expect(model.description).toMatchObject({
      task: 'binary',
      target: 'late',
      features: [{ type: 'number' }, { type: 'number' }, { type: 'category' }],
    })
  })

  test('gives the scores that the model gave where it was trained', async () => {
    const scores = await model.score(columns(expected.instances), expected.instances.length)
    expect(scores).toHaveLength(expected.scores.length)
    for (const [i, score] of expected.scores.entries()) expect(scores[i]).toBeCloseTo(score, 5)
  })

  test('takes typed columns and a single row', async () => {
    const [first] = expected.instances
    const typed = columns([first!]).map((column) =>
      typeof column[0] === 'number' ? Float64Array.from(column as number[]) : column,
    )
    expect((await model.score(typed, 1))[0]).toBeCloseTo(expected.scores[0]!, 5)
  })

  test('gives overlapping calls their own answers', async () => {
    const answers = await Promise.all(expected.instances.map((instance) => model.score(columns([instance]), 1)))
    for (const [i, scores] of answers.entries()) expect(scores[0]).toBeCloseTo(expected.scores[i]!, 5)
  })

  test('answers tensors by the names that it declares', async () => {
    const rows = 3
    const data = columns(expected.instances.slice(0, rows))
    const inputs = model.inputs.map((input, i) => ({
      name: input.name,
      datatype: input.datatype,
      shape: [rows, 1],
      data:
        input.datatype === 'BYTES'
          ? (data[i] as string[])
          : input.datatype === 'FP32'
            ? Float32Array.from(data[i] as number[])
            : Float64Array.from(data[i] as number[]),
    }))
    const outputs = await model.infer(inputs)
    expect(outputs.map((output) => output.name)).toEqual(model.outputs.map((output) => output.name))
    for (const output of outputs) expect(output.shape[0]).toBe(rows)
    const [only] = model.outputs
    expect((await model.infer(inputs, [only!.name])).map((output) => output.name)).toEqual([only!.name])
  })

  test('refuses tensors that do not fit, and goes on', async () => {
    const wrong = { name: 'nothing', datatype: 'FP32' as const, shape: [1, 1], data: Float32Array.of(1) }
    await expect(model.infer([wrong])).rejects.toSatisfy(
      (error) => error instanceof KedgeError && error.class === 'invalid',
    )
    expect(await model.score(columns(expected.instances), expected.instances.length)).toHaveLength(
      expected.scores.length,
    )
  })

  test('says what is wrong with a folder that is no model', async () => {
    const folder = await mkdtemp(join(scratch, 'broken-'))
    await expect(runtime.load(folder, sample.options)).rejects.toMatchObject({ code: 'model_unloadable' })
    await writeFile(join(folder, mainFile[kind]!), 'this is no model')
    await expect(runtime.load(folder, sample.options)).rejects.toMatchObject({ code: 'model_unloadable' })
  })
})
