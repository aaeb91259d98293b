import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { javaJars } from '../servers/java-jars.ts'
import { pythonEnvironment } from '../servers/python-env.ts'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

const run = promisify(execFile)
const folder = new URL('./clients/', import.meta.url).pathname

/** Why this client cannot be had on this machine; undefined when it can. */
const obstacle = await Promise.all([run('javac', ['-version']), run('mvn', ['-v'])])
  .then(() => javaJars(join(folder, 'java', 'pom.xml')))
  .then(
    () => undefined,
    (error) => `MLflow's Java client was not tried: ${String(error.stdout || error.message || error).slice(0, 400)}`,
  )
if (obstacle) process.stderr.write(`${obstacle}\n`)

describe.skipIf(obstacle)("MLflow's own Java client", () => {
  let server: TrackingServer
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kedge-java-'))
    server = await startTrackingServer(join(directory, 'data'))
  })
  afterAll(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('works unmodified', async () => {
    const jars = join(await javaJars(join(folder, 'java', 'pom.xml')), '*')
    // it leaves artifacts to the Python package
    const python = await pythonEnvironment(join(folder, 'python', 'requirements.lock'))
    const options = {
      cwd: directory,
      env: { ...process.env, MLFLOW_PYTHON_EXECUTABLE: python, MLFLOW_DISABLE_TELEMETRY: 'true' },
    }
    await run(
      'javac',
      ['-encoding', 'UTF-8', '-cp', jars, '-d', directory, join(folder, 'java', 'Client.java')],
      options,
    )
    const { stdout } = await run(
      'java',
      ['-Dfile.encoding=UTF-8', '-cp', `${jars}:${directory}`, 'Client', `${server.address}/mlflow/java`, 'artifacts'],
      options,
    )
    expect(stdout).toContain('seen')
  }, 240_000)
})
