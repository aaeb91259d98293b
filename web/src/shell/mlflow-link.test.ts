import { expect, test } from 'vitest'
import { mlflowLink } from './mlflow-link.ts'

const run = '05d35eaedbbdf61db54902d6998bc20a'

test.each([
  ['', undefined],
  ['#main', undefined],
  [`#/experiments/1/runs/${run}`, `/projects/p/runs/${run}`],
  [`#/experiments/1/runs/${run}/artifacts/model`, `/projects/p/runs/${run}`],
  ['#/experiments/1', '/projects/p/runs?experiment=1'],
  ['#/experiments/1/models', '/projects/p/runs?experiment=1'],
  ['#/experiments/1/traces', '/projects/p/traces?experiment=1'],
  ['#/experiments/1/traces?selectedEvaluationId=tr-5', '/projects/p/traces/tr-5'],
  [`#/compare-runs?runs=["${run}","${run}"]&experiments=["1"]`, `/projects/p/runs/compare?runs=${run},${run}`],
  ['#/models/delay', '/projects/p/models/delay'],
  ['#/models/a%20b/versions/3', '/projects/p/models/a%20b/3'],
  ['#/models/..%2f..%2fx', '/projects/p/models/..%2F..%2Fx'],
  ['#/models/%', '/projects/p/models/%25'],
  ['#/', '/projects/p/runs'],
])('%s is %s', (hash, expected) => expect(mlflowLink('p', hash)).toBe(expected))
