import { readFileSync } from 'node:fs'
import { appendFile, chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiClient } from '../../src/cli/api-client.ts'
import { importDvc } from '../../src/cli/dvc/import-dvc.ts'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { temporaryDirectory } from '../serving/stand.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let repository: string
const here = new URL('.', import.meta.url).pathname
const project = 'default'
const context = () => ({
  api: createApiClient({ url: kedge.address }),
  project,
  signal: new AbortController().signal,
  progress() {},
})

beforeAll(async () => {
  directory = await temporaryDirectory()
  repository = join(directory.path, 'repository')
  await mkdir(repository)
  const python = await pythonEnvironment(join(here, 'dvc.lock'))
  await runPython(python, readFileSync(join(here, 'dvc-repository.py'), 'utf8'), { REPOSITORY: repository })
  const config = { port: 0, data: join(directory.path, 'data'), roles: ['control'], logLevel: 'silent' }
  kedge = await startKedge(readConfig(config), silentLog)
}, 240_000)
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('each content of a tracked table is a version, with the commits and tags that have it', async () => {
  // interrupted in the middle, it goes on
  const stop = new AbortController()
  const interrupted = importDvc(repository, {
    ...context(),
    signal: stop.signal,
    progress: (text) => void (text.includes('trips') && stop.abort()),
  })
  await expect(interrupted).rejects.toThrow()
  const report = await importDvc(repository, context())
  expect(report.problems).toEqual([])
  expect(report.notRows).toEqual(['data/logo.png'])
  const counts = report.datasets.map(({ dataset, created, present }) => [dataset, created + present])
  expect(Object.fromEntries(counts)).toEqual({
    'data-trips': 2,
    'data-regions-north': 1,
    'data-regions-south': 1,
    'data-doubled': 1,
  })
  expect(report.datasets.some(({ present }) => present > 0)).toBe(true)

  const { datasets, kept } = await services()
  const byTag = await datasets('data-trips', 'v1.0')
  expect(byTag.rows).toEqual([
    [1, 10],
    [2, 20],
  ])
  expect(byTag.label).toBe('first trips')
  expect((await datasets('data-trips', 'v2')).rows).toHaveLength(3)
  expect((await datasets('data-doubled', 'latest')).rows).toEqual([[20], [40], [60]])
  // four commits, and a tag on each of the first two
  const tags = await kept('data-trips')
  expect(tags.filter((tag) => tag.startsWith('git-'))).toHaveLength(4)

  const again = await importDvc(repository, context())
  expect(again.datasets.every(({ created }) => created === 0)).toBe(true)
  expect(again.verified).toBe(0)
}, 120_000)

test('content that is not what DVC knows is refused by its MD5', async () => {
  const cache = join(repository, '.dvc', 'cache', 'files', 'md5')
  for (const folder of await readdir(cache))
    for (const file of await readdir(join(cache, folder)))
      if (!file.endsWith('.dir')) {
        const path = join(cache, folder, file)
        await chmod(path, 0o644)
        await appendFile(path, '9,9\n')
      }
  const report = await importDvc(repository, { ...context(), project: 'other' })
  expect(report.verified).toBe(0)
  expect(report.problems).toHaveLength(5)
  expect(report.problems[0]).toContain('the cache is damaged')
}, 60_000)

/** What the server has, as a client sees it. */
async function services() {
  const { api } = context()
  const base = `/api/v1/projects/${project}/datasets`
  return {
    async datasets(name: string, version: string) {
      const { label } = await api.get<{ label: string }>(`${base}/${name}/versions/${version}`)
      return { label, ...(await api.get<{ rows: unknown[][] }>(`${base}/${name}/versions/${version}/rows`)) }
    },
    kept: async (name: string) =>
      (await api.get<{ items: { tag: string }[] }>(`${base}/${name}/tags`)).items.map(({ tag }) => tag),
  }
}
