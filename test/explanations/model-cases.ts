import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FeatureRows } from '../../src/contracts/explainer.ts'
import type { ModelDescription } from '../../src/contracts/model-runtime.ts'
import type { Instance } from '../../src/serving/explain/explanation.ts'
import { createRowReader } from '../../src/serving/inference/row-reader.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

/** A small model with what the Python packages say of some rows. */
export interface ModelCase {
  name: string
  folder: string
  description: ModelDescription
  rows: Instance[]
  background: Instance[]
  scores: number[]
  sums?: number[]
  path?: number[][]
  pathBase?: number
  background_values?: number[][]
  backgroundBase?: number
}

/** Trains and writes them with the packages of the lock file; the folder is the caller's to remove. */
export async function makeModelCases(seed = 1): Promise<{ folder: string; cases: ModelCase[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'kedge-test-explain-'))
  const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
  await runPython(python, readFileSync(join(import.meta.dirname, 'models.py'), 'utf8'), {
    EXPLAIN_FOLDER: folder,
    EXPLAIN_SEED: String(seed),
    OMP_NUM_THREADS: '1',
  })
  const cases = readdirSync(folder).map((name): ModelCase => {
    const path = join(folder, name)
    return { name, folder: path, ...JSON.parse(readFileSync(join(path, 'case.json'), 'utf8')) }
  })
  return { folder, cases }
}

/** Rows as a model's columns. */
export function rowsOf(description: ModelDescription, instances: readonly Instance[]): FeatureRows {
  const reader = createRowReader(description)
  const columns = reader.columns(instances.length)
  const problems: { where: string; what: string }[] = []
  instances.forEach((row, i) => {
    reader.read(row, columns, i, `${i}`, problems)
  })
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return { columns, rows: instances.length }
}
