import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiClient } from '../../src/cli/api-client.ts'
import { openMlflowFolder } from '../../src/cli/mlflow/folder-source.ts'
import { type ImportReport, importIntoKedge } from '../../src/cli/mlflow/import-into-kedge.ts'
import { createLocalFiles } from '../../src/cli/mlflow/local-files.ts'
import type { ExportReport } from '../../src/cli/mlflow/mlflow-target.ts'
import { configSchema } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { cli } from '../cli/run-cli.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

const script = readFileSync(new URL('./content.py', import.meta.url), 'utf8')

interface Content {
  experiments: Record<string, unknown[]>
  runs: Record<string, { history: Record<string, unknown[]>; files: Record<string, number> }>
  logged: Record<string, unknown[]>
  models: Record<string, { versions: Record<string, unknown> }>
  text: string[]
}

const describeFiles = async (files: AsyncIterable<{ path: string }>) => {
  const paths = []
  for await (const file of files) paths.push(file.path)
  return paths
}

test('reads no files outside of what is imported, whatever it names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kedge-import-files-'))
  const own = join(folder, 'mlruns')
  await mkdir(join(own, '1', 'r', 'artifacts'), { recursive: true })
  await writeFile(join(own, '1', 'r', 'artifacts', 'a.txt'), 'own')
  await symlink('/etc/passwd', join(own, '1', 'r', 'artifacts', 'link'))
  await symlink('/etc', join(own, '1', 'linked'))
  const files = createLocalFiles([own])
  expect(await describeFiles(files(`file://${own}/1/r/artifacts`))).toEqual(['a.txt'])
  // moved as a whole
  expect(await describeFiles(files('file:///old/home/mlruns/1/r/artifacts'))).toEqual(['a.txt'])
  for (const address of ['file:///etc', '/etc', `file://${own}/../..`, '../..', `file://${own}/1/linked`])
    await expect(describeFiles(files(address)), address).rejects.toThrow(/outside/)
  await expect(describeFiles(files('s3://bucket/x'))).rejects.toThrow(/s3/)
  await rm(folder, { recursive: true, force: true })
})

describe('coming from MLflow, and leaving for it', () => {
  let interpreter: string
  let folder: string
  let kedge: Kedge
  const at = (name: string) => join(folder, name)
  const environment = {
    MLFLOW_ALLOW_FILE_STORE: 'true',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
    MLFLOW_DISABLE_TELEMETRY: 'true',
  }
  const python = (action: 'make' | 'tell', places: string[], more: Record<string, string> = {}) =>
    runPython(interpreter, script, { ...environment, DO: action, PLACES: places.join(' '), ...more })
  /** What MLflow's client says of each place; one process for all, as its start takes longest. */
  const tell = async (...places: string[]) =>
    JSON.parse((await python('tell', places)).trim().split('\n').at(-1)!) as Content[]

  const run = (project: string, ...args: string[]) => cli([...args, '--json', '-p', project], { url: kedge.address })
  const inKedge = (project: string) => `${kedge.address}/mlflow/${project}`
  /** A store that was just made has another time for its first experiment. */
  const comparable = ({ experiments, ...rest }: Content) => ({
    ...rest,
    experiments: Object.fromEntries(
      Object.entries(experiments).map(([id, fields]) => [id, id === '0' ? fields[0] : fields]),
    ),
  })

  beforeAll(async () => {
    interpreter = await pythonEnvironment(new URL('../../bench/tracking/requirements.lock', import.meta.url).pathname)
    folder = await mkdtemp(join(tmpdir(), 'kedge-import-'))
    kedge = await startKedge(
      configSchema.parse({ port: 0, data: at('data'), roles: ['control'], logLevel: 'silent' }),
      silentLog,
    )
    await Promise.all([
      python('make', [`sqlite:///${at('mlflow.db')}`], { ARTIFACTS: `file://${at('stored')}` }),
      python('make', [`file://${at('mlruns')}`, `file://${at('others')}`]),
    ])
  }, 600_000)
  afterAll(async () => {
    await kedge.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test.each([
    ['a database', 'mlflow.db', 'sqlite:///', 'database'],
    ['an mlruns folder', 'mlruns', 'file://', 'folder'],
  ])(
    'brings everything of %s with its ids, nothing twice, and writes it back',
    async (_, name, scheme, project) => {
      const first = await run(project, 'import', 'mlflow', at(name))
      expect(first.err).not.toMatch(/error/)
      const report = first.json<ImportReport>()
      expect(report.problems).toEqual([])
      expect(first.code).toBe(0)
      expect(report).toMatchObject({
        experiments: { created: 2, present: 1, conflicts: 0 },
        runs: { created: 3, present: 0 },
        loggedModels: { created: 1 },
        models: { created: 1 },
        versions: 2,
        points: 1700 + 3 + 1 + 1,
        files: { stored: 3 },
        verified: 3,
      })
      const again = (await run(project, 'import', 'mlflow', at(name))).json<ImportReport>()
      expect(again).toMatchObject({
        experiments: { created: 0 },
        runs: { created: 0, present: 3 },
        files: { stored: 0, present: 3, bytes: 0 },
        verified: 3,
        differences: [],
        problems: [],
      })

      const out = at(`out-${project}`)
      const exported = (await run(project, 'export', 'mlflow', out)).json<ExportReport>()
      expect(exported).toMatchObject({ runs: { created: 3 }, files: { stored: 3 }, problems: [] })
      const twice = (await run(project, 'export', 'mlflow', out)).json<ExportReport>()
      expect(twice).toMatchObject({ runs: { created: 0, present: 3 }, files: { stored: 0, present: 3 } })

      const [original, ...copies] = await tell(`${scheme}${at(name)}`, inKedge(project), `file://${out}`)
      expect(Object.keys(original!.runs)).toHaveLength(3)
      for (const copy of copies) expect(comparable(copy)).toEqual(comparable(original!))
    },
    120_000,
  )

  test('brings what a server holds, and writes to a server', async () => {
    // one project to another, both by MLflow's REST API
    const from = `${kedge.address}/mlflow/folder`
    const first = (await run('mirror', 'import', 'mlflow', from)).json<ImportReport>()
    // the ids of runs are taken by the other project on the same server
    expect(first.runs).toEqual({ created: 0, present: 0, conflicts: 3 })
    expect(first.problems[0]).toMatch(/another project/)

    const exported = await run('folder', 'export', 'mlflow', `${kedge.address}/mlflow/copied`)
    const report = exported.json<ExportReport>()
    expect(report.problems.filter((line) => !/is deleted/.test(line))).toEqual([])
    expect(report).toMatchObject({ runs: { created: 3 }, loggedModels: { created: 1 }, files: { stored: 3 } })
    const contents = ({ runs }: Content) =>
      Object.values(runs)
        .map(({ history, files }) => JSON.stringify([history, files]))
        .sort()
    const again = (await run('folder', 'export', 'mlflow', `${kedge.address}/mlflow/copied`)).json<ExportReport>()
    expect(again).toMatchObject({ runs: { created: 0, present: 3 }, files: { stored: 0 } })
    const [original, copy] = await tell(inKedge('folder'), inKedge('copied'))
    expect(contents(copy!)).toEqual(contents(original!))
  }, 120_000)

  test('goes on after an interruption at any of its requests', async () => {
    const project = 'interrupted'
    let rounds = 0
    for (let allowed = 1; ; allowed += 2, rounds++) {
      let requests = 0
      const abort = new AbortController()
      const api = createApiClient({
        url: kedge.address,
        fetch: (input, init) => {
          if (++requests > allowed) abort.abort()
          return fetch(input, { ...init, signal: abort.signal })
        },
      })
      const source = openMlflowFolder(at('others'))
      const ended = await importIntoKedge(source, { api, project, signal: abort.signal, progress: () => {} }).then(
        (report) => (abort.signal.aborted ? undefined : report),
        () => undefined,
      )
      if (!ended) continue
      expect(ended).toMatchObject({ verified: 3, problems: [], differences: [] })
      break
    }
    expect(rounds).toBeGreaterThan(3)
    const [original, brought] = await tell(`file://${at('others')}`, inKedge(project))
    expect(comparable(brought!)).toEqual(comparable(original!))
  }, 60_000)

  test('says what is taken, and what lies where it must not read', async () => {
    await run('taken', 'import', 'mlflow', at('mlruns'))
    const foreign = (await run('taken', 'import', 'mlflow', at('mlflow.db'))).json<ImportReport>()
    expect(foreign.experiments).toMatchObject({ created: 0, present: 3 })
    const server = `${kedge.address}/api/v1/projects/taken/import`
    const answer = await fetch(`${server}/experiments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        items: [{ id: '0', name: 'other', state: 'active', createdAt: 1, updatedAt: 1, tags: {} }],
      }),
    })
    expect(await answer.json()).toMatchObject({
      items: [{ id: '0', target: '1', result: 'created', differences: ['the id 0 is that of "Default" here'] }],
    })
  }, 60_000)
})
