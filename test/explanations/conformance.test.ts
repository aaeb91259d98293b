import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainers } from '../../src/adapters/explainers/index.generated.ts'
import { modelStructures } from '../../src/adapters/model-structures/index.generated.ts'
import type { ExplainedModel, FeatureRows } from '../../src/contracts/explainer.ts'
import type { ModelStructure } from '../../src/contracts/model-structure.ts'
import { sumOf } from '../../src/contracts/model-structure.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import type { Tree } from '../../src/statistics/tree-ensemble.ts'
import { fixtures } from '../serving/stand.ts'

const random = seededRandom(11)
const names = ['a', 'twin 1', 'twin 2', 'unused', 'group']

/** Columns 0 to 3 are features; 4 and 5 are both made of the last one. */
const parts = Int32Array.from([0, 1, 2, 3, 4, 4])
const encode: ModelStructure['encode'] = (columns, rows) =>
  Array.from({ length: rows }, (_, i) => {
    const x = columns.map((column) => column[i] as number)
    return Float64Array.from([x[0]!, x[1]!, x[2]!, x[3]!, x[4]! > 0 ? 1 : 0, x[4]! > 1 ? 1 : 0])
  })

/** A split with two leaves. */
const stump = (column: number, threshold: number, left: number, right: number): Tree => ({
  feature: Int32Array.from([column, -1, -1]),
  threshold: Float64Array.from([threshold, 0, 0]),
  left: Int32Array.from([1, -1, -1]),
  right: Int32Array.from([2, -1, -1]),
  value: Float64Array.from([0, left, right]),
  cover: Float64Array.from([100, 40, 60]),
})
const structures: Record<string, ModelStructure> = {
  trees: {
    form: {
      kind: 'trees',
      ensemble: {
        base: 0.5,
        trees: [
          stump(0, 0.1, -1, 2),
          stump(1, 0.3, 0, 1),
          stump(2, 0.3, 0, 1),
          stump(4, 0.5, 1, -1),
          stump(5, 0.5, 0, 3),
        ],
      },
    },
    parts,
    encode,
    links: ['identity'],
    covers: true,
  },
  'weighted sum': {
    form: { kind: 'linear', intercept: 0.5, weights: [2, 1, 1, 0, -1, 3] },
    parts,
    encode,
    links: ['identity'],
    covers: false,
  },
}

const rowsOf = (n: number): FeatureRows => {
  const columns = names.map(() => Array.from({ length: n }, () => randomNormal(random)))
  return { rows: n, columns }
}
/** With what the first twin has given to the second. */
const twinned = ({ rows, columns }: FeatureRows): FeatureRows => ({
  rows,
  columns: columns.map((column, j) => (j === 2 ? columns[1]! : column)),
})
const background = twinned(rowsOf(20))

function modelOf(structure: ModelStructure, others: FeatureRows | undefined = background): ExplainedModel {
  return {
    description: { task: 'regression', features: names.map((name) => ({ name, type: 'number' as const })) },
    structure,
    background: others,
    score: async (columns, rows) => Float64Array.from(structure.encode(columns, rows), (row) => sumOf(structure, row)),
  }
}

const cases = explainers.flatMap((explainer) =>
  Object.entries(structures)
    .filter(([, structure]) => explainer.refuses(modelOf(structure)) === undefined)
    .map(([name, structure]) => [explainer.method, name, explainer, structure] as const),
)

test('every explainer is tried', () => {
  expect(new Set(cases.map(([method]) => method))).toEqual(new Set(explainers.map(({ method }) => method)))
})

describe.each(cases)('%s of %s', (_method, _name, explainer, structure) => {
  const rows = rowsOf(6)
  const found = explainer.prepare(modelOf(structure)).explain(rows, () => {})
  const of = async (row: number, feature: number) => (await found).values[row * names.length + feature]!

  test('base and values add up to the outputs, which are the sums', async () => {
    const { base, outputs, values } = await found
    structure.encode(rows.columns, rows.rows).forEach((row, i) => {
      const sum = values.subarray(i * names.length, (i + 1) * names.length).reduce((a, b) => a + b, base)
      expect(sum).toBeCloseTo(outputs[i]!, 9)
      expect(outputs[i]!).toBeCloseTo(sumOf(structure, row), 9)
    })
  })

  test('a feature that changes nothing has nothing', async () => {
    for (let i = 0; i < rows.rows; i++) expect(await of(i, 3)).toBeCloseTo(0, 9)
  })

  test('features that are alike are told alike', async () => {
    const { values, errors } = await explainer.prepare(modelOf(structure)).explain(twinned(rows), () => {})
    for (let i = 0; i < rows.rows; i++) {
      const [one, other] = [values[i * names.length + 1]!, values[i * names.length + 2]!]
      expect(Math.abs(one - other)).toBeLessThan(1e-9 + 6 * (errors?.[i * names.length + 1] ?? 0))
    }
  })

  test('rows do not know of each other, and the same question has the same answer', async () => {
    const { values } = await found
    const prepared = explainer.prepare(modelOf(structure))
    for (const i of [4, 1, 4]) {
      const one = { rows: 1, columns: rows.columns.map((column) => [column[i] as number]) }
      const alone = await prepared.explain(one, () => {})
      alone.values.forEach((value, j) => {
        expect(value).toBeCloseTo(values[i * names.length + j]!, 9)
      })
    }
  })

  test('whoever waits no more ends it', async () => {
    const gone = new Error('gone')
    await expect(
      explainer.prepare(modelOf(structure)).explain(rows, () => {
        throw gone
      }),
    ).rejects.toBe(gone)
  })

  test('says what it lacks without rows to average over, or does without', async () => {
    const bare = { ...modelOf(structure), background: undefined }
    const why = explainer.refuses(bare)
    if (why === undefined) await explainer.prepare(bare).explain(rows, () => {})
    else expect(why).toMatch(/rows/)
  })
})

test('what is estimated is within its errors of what is exact', async () => {
  const rows = rowsOf(10)
  const by = (method: string) =>
    explainers
      .find((one) => one.method === method)!
      .prepare(modelOf(structures.trees!))
      .explain(rows, () => {})
  const [exact, kernel, sampled] = await Promise.all(['tree_background', 'kernel', 'permutation'].map(by))
  exact!.values.forEach((value, i) => {
    // few features: all coalitions
    expect(kernel!.values[i]).toBeCloseTo(value, 9)
    expect(Math.abs(sampled!.values[i]! - value)).toBeLessThan(1e-9 + 6 * sampled!.errors![i]!)
  })
})

describe.each(modelStructures.map((reader) => [reader.format, reader] as const))('files of %s', (_format, reader) => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kedge-test-structure-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const facts = {
    description: { task: 'binary' as const, features: [{ name: 'x0', type: 'number' as const }] },
    inputs: [{ name: 'X', datatype: 'FP32' as const, shape: [-1, 1] }],
  }

  test('a folder without any is nothing to it', async () => {
    expect(await reader.read(folder, facts)).toBeUndefined()
  })

  test('what is damaged is unread, never an error', async () => {
    const whole = readFileSync(`${fixtures}matrix/model.onnx`)
    const bytes = [
      Buffer.alloc(0),
      Buffer.from('tree\nversion=v4\nnum_class=1\nfeature_names=x0\nTree=0\nnum_leaves=3\nsplit_feature=0 0\n'),
      Buffer.from('{"learner":{'),
      Buffer.from('{"name":"tree","feature_names":["x0"],"tree_info":[{"tree_structure":null}]}'),
      Buffer.from([0x7b, 0x4c, 0, 0, 0, 0, 0, 0, 0, 255, 1]),
      whole.subarray(0, 900),
      Buffer.from(Array.from({ length: 400 }, () => Math.floor(random() * 256))),
      ...Array.from({ length: 60 }, () => {
        const copy = Buffer.from(whole)
        for (let k = 0; k < 3; k++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
        return copy
      }),
    ]
    for (const content of bytes) {
      for (const name of ['model.onnx', 'model.lgb', 'model.json', 'model.ubj'])
        writeFileSync(join(folder, name), content)
      const found = await reader.read(folder, facts)
      if (found && 'unread' in found) expect(found.unread).not.toBe('')
    }
  })
})
