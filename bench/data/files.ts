/**
 * Twenty thousand files of 2 KB brought under versions, against DVC: added, added again with nothing and with one changed.
 * DVC's times are of its command, as a person would call it; Kedge's of a running server's work.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { by, openData, project } from '../../test/data/open-data.ts'
import { pythonEnvironment } from '../../test/servers/python-env.ts'

const count = 20_000
const rounds = 3
const python = await pythonEnvironment(join(import.meta.dirname, 'dvc.lock'))
const root = mkdtempSync(join(tmpdir(), 'kedge-bench-files-'))
const data = await openData()

const content = (i: number, round: number) =>
  Array.from({ length: 32 }, (_, j) =>
    Math.sin(i * 31 + j + round * 1e6)
      .toString(36)
      .padEnd(62, 'x'),
  ).join('\n')
const folder = join(root, 'files')
mkdirSync(folder)
for (let i = 0; i < count; i++) writeFileSync(join(folder, `${i}.txt`), content(i, 0))
/** Replaced, as programs do, not written into. */
const change = (round: number) => {
  writeFileSync(join(root, 'new'), content(7 * round, round))
  renameSync(join(root, 'new'), join(folder, `${7 * round}.txt`))
}

const dvc = (...given: string[]) =>
  execFileSync(join(dirname(python), 'dvc'), given, {
    cwd: root,
    env: { ...process.env, DVC_NO_ANALYTICS: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
const seconds = async (work: () => unknown) => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
await data.sources.put(by, project, 'input', { kind: 'files', path: join(folder, '*.txt'), content: 'text' })
await data.datasets.put(by, project, 'rows', { from: 'input', mode: 'incremental' })
// a running server has its engine open
await data.environment.events.query('SELECT 1')
dvc('init', '--no-scm', '--quiet')

let kept = 0
const kedge = async () => {
  kept = (await data.datasets.materialiseNow(by, { project, dataset: 'rows' })).rowCount
}
const first = { dvc: await seconds(() => dvc('add', '--quiet', 'files')), kedge: await seconds(kedge) }
const least = { nothing: { dvc: Infinity, kedge: Infinity }, one: { dvc: Infinity, kedge: Infinity } }
for (let round = 1; round <= rounds; round++)
  for (const what of ['nothing', 'one'] as const) {
    if (what === 'one') change(round)
    least[what].kedge = Math.min(least[what].kedge, await seconds(kedge))
    least[what].dvc = Math.min(least[what].dvc, await seconds(() => dvc('add', '--quiet', 'files')))
  }
if (kept !== count) throw new Error(`${kept} rows of ${count} files`)

const row = (title: string, { dvc, kedge }: { dvc: number; kedge: number }) =>
  `| ${title} | ${dvc.toFixed(2)} s | ${kedge.toFixed(2)} s | ${(dvc / kedge).toFixed(1)} × |`
console.log(
  [
    '| 20,000 files of 2 KB | DVC 3.67 | kedge | ratio |',
    '| --- | ---: | ---: | ---: |',
    row('added', first),
    row('again, nothing changed', least.nothing),
    row('again, one changed', least.one),
  ].join('\n'),
)
await data.close()
rmSync(root, { recursive: true, force: true })
process.exit()
