/**
 * Explaining a model that is only asked, against shap's KernelExplainer: the same forest of 100 trees of depth 8 over 20 features
 * (ONNX here, scikit-learn's own predict there), the same 100 background rows, processor time of one thread, and the mean error of
 * both against the exact values. Arguments: rows (default 40).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explainers } from '../../src/adapters/explainers/index.generated.ts'
import onnx from '../../src/adapters/runtimes/onnx.ts'
import type { ExplainedModel, FeatureRows } from '../../src/contracts/explainer.ts'
import { scoreInPieces } from '../../src/serving/explain/score-in-pieces.ts'
import { pythonEnvironment, runPython } from '../../test/servers/python-env.ts'

const count = Number(process.argv[2] ?? 40)
const folder = mkdtempSync(join(tmpdir(), 'kedge-bench-kernel-'))
const python = await pythonEnvironment(join(import.meta.dirname, '../../test/explanations/requirements.lock'))
const printed = await runPython(python, readFileSync(join(import.meta.dirname, 'kernel_shap.py'), 'utf8'), {
  BENCH_FOLDER: folder,
  BENCH_ROWS: String(count),
  OMP_NUM_THREADS: '1',
})
const shap = JSON.parse(printed) as { rowsPerSecond: number; error: number; size: number }
const { rows, background, exact } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Record<
  'rows' | 'background' | 'exact',
  number[][]
>
const loaded = await onnx.load(folder)
const table = (all: number[][]): FeatureRows => ({
  rows: all.length,
  columns: all[0]!.map((_, j) => Float64Array.from(all, (row) => row[j]!)),
})
let calls = 0
const score = scoreInPieces(loaded.score, 128)
const model: ExplainedModel = {
  description: loaded.description!,
  structure: undefined,
  background: table(background),
  score(columns, n) {
    calls += n
    return score(columns, n)
  },
}

async function measure(method: string, n: number) {
  const prepared = explainers.find((one) => one.method === method)!.prepare(model)
  const asked = table(rows.slice(0, n))
  await prepared.explain(table(rows.slice(0, 1)), () => {})
  calls = 0
  const before = process.threadCpuUsage()
  const { values } = await prepared.explain(asked, () => {})
  const { user, system } = process.threadCpuUsage(before)
  const error = values.reduce((sum, x, i) => sum + Math.abs(x - exact[Math.floor(i / 20)]![i % 20]!), 0) / values.length
  const perSecond = n / ((user + system) / 1e6)
  return {
    'rows/s': +perSecond.toFixed(1),
    'ratio to shap': +(perSecond / shap.rowsPerSecond).toFixed(1),
    'rows asked a row': Math.round(calls / n),
    'mean error': +error.toFixed(5),
  }
}

console.table({
  'shap KernelExplainer': {
    'rows/s': +shap.rowsPerSecond.toFixed(1),
    'ratio to shap': 1,
    'rows asked a row': 208_800,
    'mean error': +shap.error.toFixed(5),
  },
  'Kedge kernel (80 to 2,048 coalitions)': await measure('kernel', count),
  'Kedge permutation (100 pairs)': await measure('permutation', count),
})
console.log(`mean |value| ${shap.size.toFixed(4)}`)
await loaded.close()
rmSync(folder, { recursive: true })
