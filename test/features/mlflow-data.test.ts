import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { projectApi } from '../serving/project-api.ts'
import { eventually, temporaryDirectory } from '../serving/stand.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
beforeAll(async () => {
  directory = await temporaryDirectory()
  const config = { port: 0, data: join(directory.path, 'data'), roles: ['control'], logLevel: 'silent' }
  kedge = await startKedge(readConfig(config), silentLog)
})
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

const script = `
import os
import mlflow, pandas as pd
mlflow.set_tracking_uri(os.environ['KEDGE'])
url = os.environ['KEDGE'] + '/api/v1/projects/default/datasets/trips/versions/1/export'
frame = pd.DataFrame({'id': [1], 'km': [10]})
with mlflow.start_run() as run:
    mlflow.log_input(mlflow.data.from_pandas(frame, source=url, name='trips'), context='training')
    mlflow.log_input(mlflow.data.from_pandas(frame, name='copy', digest=os.environ['DIGEST'][:36]))
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({'a': [1]}), name='other'))
print(run.info.run_id)
`

test("what mlflow.data logs is a version of a dataset, by its address or its digest, in the run's lineage", async () => {
  const api = projectApi(() => kedge.address)
  for (const [name, text] of [
    ['trips', 'id,km\n1,10\n'],
    ['tours', 'id,km\n1,12\n'],
  ] as const) {
    const path = join(directory.path, `${name}.csv`)
    writeFileSync(path, text)
    await api('PUT', `/sources/${name}`, { kind: 'csv', path })
    await api('PUT', `/datasets/${name}`, { from: name })
    const { jobId } = await api<{ jobId: number }>('POST', `/datasets/${name}/materialise`, {})
    await kedge.environment.jobs.wait(jobId)
  }
  const { digest } = await api<{ digest: string }>('GET', '/datasets/tours/versions/1')
  const python = await pythonEnvironment('test/mlflow/requirements.lock')
  const printed = await runPython(python, script, { KEDGE: kedge.address, DIGEST: digest, GIT_PYTHON_REFRESH: 'quiet' })
  const run = printed.trim().split('\n').at(-1)!
  const { edges } = await eventually(async () => {
    const graph = await api<{ edges: { thing: string; source: string; relation: string }[] }>(
      'GET',
      `/lineage/run/${run}`,
    )
    return graph.edges.length > 0 && graph
  })
  const read = edges
    .filter(({ thing }) => thing === `run/${run}`)
    .map(({ source, relation }) => `${relation} ${source}`)
  expect(read.sort()).toEqual(['read dataset_version/tours@1', 'read dataset_version/trips@1'])
}, 240_000)
