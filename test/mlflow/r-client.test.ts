// MLflow's R client is on CRAN only; Debian (12) does not package it, its source is in no registry that the tests use.
// Its calls are made from R with the packages that it makes them with, in the form that they have on the wire.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const run = promisify(execFile)
const script = new URL('./clients/r/client.R', import.meta.url).pathname

/** Why R cannot be had on this machine; undefined when it can. */
const obstacle = await run('Rscript', ['-e', 'library(httr); library(jsonlite)']).then(
  () => undefined,
  (error) =>
    `The calls of MLflow's R client were not tried: ${String(error.message).slice(0, 300)}\nInstall with: sudo apt-get install r-base-core r-cran-httr r-cran-jsonlite`,
)
if (obstacle) process.stderr.write(`${obstacle}\n`)

describe.skipIf(obstacle)('R, as its MLflow client calls', () => {
  let server: TrackingServer
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-r-'))
    server = await startTrackingServer(join(directory, 'data'))
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('works', async () => {
    const { stdout } = await run('Rscript', ['--encoding=UTF-8', script], {
      cwd: directory,
      env: { ...process.env, LC_ALL: 'C.UTF-8', MLFLOW_TRACKING_URI: `${server.address}/mlflow/r` },
    })
    expect(stdout).toContain('seen')
  })
})
