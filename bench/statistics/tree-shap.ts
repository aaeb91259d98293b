/**
 * Exact path-dependent TreeSHAP against shap's TreeExplainer (C++): the same forest of 100 trees of depth 8 over 20
 * features, the same rows, one thread each (its processor time,
 * so that other work on the machine does not count), values compared. Arguments: rows (default 300).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TreeEnsemble } from '../../src/statistics/tree-ensemble.ts'
import { createTreeShap } from '../../src/statistics/tree-shap.ts'
import { pythonEnvironment, runPython } from '../../test/servers/python-env.ts'

const count = process.argv[2] ?? '300'
const root = join(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-shap-'))
const file = join(directory, 'forest.json')
const python = await pythonEnvironment(join(root, 'test/statistics/oracles/requirements.lock'))
const printed = await runPython(python, readFileSync(join(import.meta.dirname, 'tree_shap.py'), 'utf8'), {
  BENCH_FILE: file,
  BENCH_ROWS: count,
  OMP_NUM_THREADS: '1',
})
const shap = JSON.parse(printed) as { rowsPerSecond: number; oneRow: number; leaves: number }
const { trees, rows, values } = JSON.parse(readFileSync(file, 'utf8')) as {
  trees: Record<'feature' | 'threshold' | 'left' | 'right' | 'value' | 'cover', number[]>[]
  rows: number[][]
  values: number[][]
}
rmSync(directory, { recursive: true })
const model: TreeEnsemble = {
  base: 0,
  trees: trees.map((tree) => ({
    feature: Int32Array.from(tree.feature),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(tree.left),
    right: Int32Array.from(tree.right),
    value: Float64Array.from(tree.value),
    cover: Float64Array.from(tree.cover),
  })),
}

const began = performance.now()
const explainer = createTreeShap(model, 20)
const prepared = performance.now() - began
explainer.explain(rows.slice(0, 50))
const seconds = (work: () => void) => {
  const start = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1e6
}
const best = Math.min(...[1, 2, 3].map(() => seconds(() => explainer.explain(rows))))
const ones = rows.slice(0, 200)
const one =
  seconds(() => {
    for (const row of ones) explainer.explain([row])
  }) / ones.length
const found = explainer.explain(rows)
const apart = Math.max(...values.flatMap((row, r) => row.map((v, f) => Math.abs(v - found.values[r * 20 + f]!))))

console.table({
  shap: { 'rows/s': Math.round(shap.rowsPerSecond), 'one row, ms': +(shap.oneRow * 1000).toFixed(2) },
  Kedge: { 'rows/s': Math.round(rows.length / best), 'one row, ms': +(one * 1000).toFixed(2) },
  ratio: {
    'rows/s': +(rows.length / best / shap.rowsPerSecond).toFixed(2),
    'one row, ms': +(shap.oneRow / one).toFixed(2),
  },
})
console.log(
  `${shap.leaves.toFixed(0)} leaves a tree; prepared in ${prepared.toFixed(0)} ms; largest difference ${apart.toExponential(1)}; additivity ${found.gap.toExponential(1)}`,
)
