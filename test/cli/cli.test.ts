import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoopServer, startLoopServer } from '../../src/cli/loop/loop-server.ts'
import { cli } from './run-cli.ts'

let folder: string
let server: LoopServer
const root = join(import.meta.dirname, '../..')
const on = (args: string[], cwd = folder) => cli(args, { url: server.url, cwd })
const serve = (data: string) =>
  startLoopServer({ data: join(folder, data), environment: process.env, progress: () => {} })

const projectFile = `project: fruit
sources:
  shop: { kind: csv, path: fruit.csv }
datasets:
  fruit:
    from: shop
    expect: [{ not_null: [name] }]
models:
  ripe: {}
endpoints:
  ripe: { model: ripe }
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-cli-'))
  writeFileSync(join(folder, 'kedge.yaml'), projectFile)
  writeFileSync(join(folder, 'fruit.csv'), 'name,weight\napple,150\npear,170\n')
  server = await serve('data')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('apply', () => {
  test('shows, does, and does nothing the second time', async () => {
    const dry = await on(['apply', '--dry-run'])
    expect(dry.code).toBe(0)
    expect(dry.out).toBe(
      '+ source shop\n+ dataset fruit\n+ model ripe\n+ endpoint ripe\n4 to create, 0 to change, 0 to remove, 0 unchanged\n',
    )
    expect((await on(['apply'])).out).toContain('4 created')
    expect(
      (await on(['apply', '--json'])).json<{ changes: { action: string }[] }>().changes.map(({ action }) => action),
    ).toEqual(Array(4).fill('unchanged'))
  })

  test('shows the fields that change, and what only --prune removes', async () => {
    writeFileSync(
      join(folder, 'other.yaml'),
      projectFile.replace('not_null: [name]', 'not_null: [name, weight]').replace(/endpoints:[\s\S]*/, ''),
    )
    const { out } = await on(['apply', '-f', 'other.yaml', '--dry-run'])
    expect(out).toContain('~ dataset fruit\n    expect[0].not_null: ["name"] → ["name","weight"]')
    expect(out).toContain('? endpoint ripe  not in the file; --prune removes it')
    expect((await on(['apply', '-f', 'other.yaml', '--dry-run', '--prune'])).out).toContain('- endpoint ripe')
  })

  test('names what only the server knows at its place too: columns, models, analyses, files', async () => {
    mkdirSync(join(folder, 'typos'))
    writeFileSync(join(folder, 'typos', 'fruit.csv'), 'name,weight\napple,150\npear,170\n')
    writeFileSync(
      join(folder, 'typos', 'kedge.yaml'),
      `project: fruit
sources: { shop: { kind: csv, path: fruit.csv } }
datasets:
  typos:
    from: shop
    curate:
      - derive: { heavy: wieght > 160, light: weight < 160 }
      - fill: { nam: none }
      - filter: heavy and light
    expect: [{ unique: [name, wight] }]
pipelines:
  train: { steps: { fit: { run: python train.py, code: [trian.py], executor: sandbx } } }
endpoints:
  ripe: { model: riep, release: { analyse: [erors, { kind: latency, flor: 1 }] } }
monitors:
  ripe: { off: [drfit] }
`,
    )
    const { code, err } = await on(['apply', '-f', 'typos'])
    expect(code).toBe(2)
    expect(err.split('\n').slice(1, -2)).toEqual([
      expect.stringMatching(
        /^ {2}7:26 datasets.typos.curate\[0\].derive.heavy: .*no column wieght; did you mean weight\?/,
      ),
      expect.stringMatching(
        /^ {2}8:22 datasets.typos.curate\[1\].fill.nam: there is no column nam; did you mean name\?/,
      ),
      expect.stringMatching(
        /^ {2}10:31 datasets.typos.expect\[0\].unique\[1\]: there is no column wight; did you mean weight\?/,
      ),
      expect.stringMatching(/^ {2}12:57 .*code\[0\]: trian.py did not come with it/),
      expect.stringMatching(/^ {2}12:78 .*executor: there is no executor sandbx/),
      '  14:18 endpoints.ripe.model: there is no model riep; did you mean ripe?',
      '  14:45 endpoints.ripe.release.analyse[0]: there is no analysis erors; did you mean errors?',
      '  14:69 endpoints.ripe.release.analyse[1].flor: the key flor is not known; did you mean floor?',
      '  16:17 monitors.ripe.off[0]: there is no family of monitors drfit; did you mean drift?',
    ])
    expect((await on(['apply', '-f', 'empty', '--dry-run'])).err).toContain('empty does not exist')
    mkdirSync(join(folder, 'empty'))
    expect((await on(['apply', '-f', 'empty'])).err).toContain('empty/kedge.yaml does not exist')
  })

  test('names every mistake with line and column and exits with 2', async () => {
    writeFileSync(
      join(folder, 'broken.yaml'),
      'project: fruit\nsources:\n  shop: { kind: cvs, path: fruit.csv }\ndatasets:\n  fruit: { from: shpo }\n',
    )
    const broken = await on(['apply', '-f', 'broken.yaml'])
    expect(broken.code).toBe(2)
    expect(broken.err).toContain('broken.yaml has 2 mistakes')
    expect(broken.err).toContain('3:17 sources.shop.kind: "cvs" is not possible here; did you mean csv?')
    expect(broken.err).toContain('5:18 datasets.fruit.from: there is no source shpo; did you mean shop?')
    expect(broken.out).toBe('')
    const json = await on(['apply', '-f', 'broken.yaml', '--json'])
    expect(JSON.parse(json.err).error).toMatchObject({
      code: 'project_file_invalid',
      places: [{ where: '3:17' }, { where: '5:18' }],
    })
  })

  test('says which line is not UTF-8', async () => {
    writeFileSync(join(folder, 'latin.yaml'), Buffer.from('project: fruit\nsources: { caf\u00e9: {} }\n', 'latin1'))
    expect(await on(['apply', '-f', 'latin.yaml'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('2:1 this line is not UTF-8'),
    })
  })

  test('says which file is missing', async () => {
    expect(await on(['apply', '-f', 'nothing.yaml'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing.yaml does not exist'),
    })
  })
})

describe('deploy', () => {
  test('puts a model folder on an endpoint and prints a curl that works', async () => {
    const deployed = await on(['deploy', join(root, 'test/fixtures/models/delay-1'), '--name', 'tiny', '--json'])
    expect(deployed.code, deployed.err).toBe(0)
    const { curl, state, version } = deployed.json<{ curl: string; state: string; version: number }>()
    expect({ state, version }).toEqual({ state: 'ready', version: 1 })
    expect(JSON.parse(execFileSync('sh', ['-c', curl], { encoding: 'utf8' }))).toHaveProperty('predictions')
    expect((await on(['deploy', 'models:/tiny/1', '--name', 'tiny-2'])).out).toContain(
      'tiny-2: version 1 of tiny is revision 1',
    )
  })
  test('says what is wrong with what is no model', async () => {
    writeFileSync(join(folder, 'no.onnx'), 'nothing')
    expect((await on(['deploy', 'no.onnx', '--name', 'no'])).code).toBe(2)
    expect((await on(['deploy', 'absent.onnx', '--name', 'no'])).err).toContain('absent.onnx does not exist')
  })
})

describe('looking around', () => {
  test('makes a version and lists it', async () => {
    const made = (await on(['data', 'materialise', 'fruit', '--json'])).json<{ version: number; rowCount: number }>()
    expect(made).toMatchObject({ version: 1, rowCount: 2 })
    expect((await on(['data', 'versions', 'fruit'])).out).toMatch(/fruit +1 +published +2/)
  })

  test('status, journal, lineage', async () => {
    const status = await on(['status'])
    expect(status.code).toBe(0)
    expect(status.out).toContain('ripe      empty')
    const events = (await on(['journal', '--json'])).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events.map(({ type }) => type)).toContain('dataset_version.published')
    expect((await on(['journal', '--type', 'source.declared'])).out.trim().split('\n')).toHaveLength(1)
    expect((await on(['journal', 'verify'])).out).toContain('the chain holds')
    expect((await on(['lineage', 'dataset_version/fruit@1'])).out).toContain('source/shop')
    expect((await on(['lineage', 'prediction/ripe/none'])).err).toContain('Prediction none does not exist')
  })

  test('tokens', async () => {
    const { token } = (await on(['token', 'create', 'ci', '--role', 'viewer', '--json'])).json<{ token: string }>()
    expect(token.length).toBeGreaterThan(20)
    expect((await on(['token', 'list'])).out).toMatch(/ci +viewer +fruit/)
    expect((await on(['token', 'revoke', 'ci'])).code).toBe(0)
    expect((await on(['token', 'list'])).out).toContain('revoked')
  })

  test('a run of a pipeline that is not there', async () => {
    expect(await on(['run', 'nothing'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing does not exist'),
    })
    expect(await on(['logs'])).toMatchObject({ code: 1, err: expect.stringContaining('kedge run') })
  })
})

describe('wrong use', () => {
  test.each([
    [['aply']],
    [['apply', '--nothing']],
    [['run', 'x', '--as-of', 'tomorrow']],
    [['journal', '--limit', 'many']],
    [['completion', 'tcsh']],
  ])('%j exits with 2', async (args) => {
    expect((await on(args)).code).toBe(2)
  })
  test('a server that is not there gives 3, help gives 0', async () => {
    expect((await cli(['status', '--url', 'http://127.0.0.1:1'])).code).toBe(3)
    const help = await cli(['apply', '--help'])
    expect(help.code).toBe(0)
    expect(help.out).toContain('Examples:')
  })
  test('a second server on the same data directory or port says what to do', () => {
    const main = join(root, 'src/cli/main.ts')
    const taken = spawnSync(
      process.execPath,
      [main, 'serve', '--json', '--port', '0', '--data', join(folder, 'data')],
      { encoding: 'utf8', env: { ...process.env, KEDGE_LOG_LEVEL: 'silent' } },
    )
    expect(taken.status).toBe(1)
    expect(JSON.parse(taken.stderr.trim().split('\n').at(-1)!).error).toMatchObject({ code: 'data_directory_in_use' })
    const port = new URL(server.url).port
    const busy = spawnSync(process.execPath, [main, 'serve', '--port', port, '--data', join(folder, 'data-2')], {
      encoding: 'utf8',
      env: { ...process.env, KEDGE_LOG_LEVEL: 'silent' },
    })
    expect(busy.status).toBe(1)
    expect(busy.stderr).toContain(`Port ${port} on 127.0.0.1 is in use`)
    const wrong = spawnSync(process.execPath, [main, 'serve', '--port', 'many', '--host', '127.0.0.1'], {
      encoding: 'utf8',
    })
    expect(wrong.status).toBe(2)
  })
})

describe('secret', () => {
  const set = (value: string, name = 'PASSWORD') =>
    cli(['secret', 'set', name], { url: server.url, cwd: folder, stdin: Readable.from([Buffer.from(value)]) })

  test('stores what comes by stdin, shows names only, and deletes', async () => {
    expect((await on(['secret', 'list'])).out).toContain('fruit has no secrets')
    expect(await set('open sesame\n')).toMatchObject({ code: 0, out: 'PASSWORD is stored in fruit\n', err: '' })
    const list = await on(['secret', 'list'])
    expect(list.out).toContain('PASSWORD')
    expect(list.out).not.toContain('sesame')
    expect((await on(['secret', 'list', '--json'])).json()).toMatchObject({ items: [{ name: 'PASSWORD' }] })
    expect((await on(['secret', 'delete', 'PASSWORD'])).code).toBe(0)
    expect((await on(['secret', 'delete', 'PASSWORD'])).code).not.toBe(0)
  })

  test('asks on a terminal without showing what is typed', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    for (const keys of ['open sesamx', '\u007f', 'e', '\r']) stdin.write(keys)
    const asked = await cli(['secret', 'set', 'TYPED'], { url: server.url, cwd: folder, stdin })
    expect(asked).toMatchObject({ code: 0, err: 'Value of TYPED (it is not shown): \n' })
    expect(asked.out).not.toContain('sesame')
    expect((await on(['secret', 'delete', 'TYPED'])).code).toBe(0)
  })

  test('takes no value from the command line, and no empty one', async () => {
    expect((await on(['secret', 'set', 'PASSWORD', 'open sesame'])).code).toBe(2)
    expect(await set('\n')).toMatchObject({ code: 2, err: expect.stringContaining('is empty') })
    expect(await on(['secret', 'set', 'PASSWORD'])).toMatchObject({ code: 2, err: expect.stringContaining('< FILE') })
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh'])('%s takes the script', async (shell) => {
    const script = (await cli(['completion', shell])).out
    expect(script).toContain('materialise')
    if (spawnSync('which', [shell]).status === 0) execFileSync(shell, ['-n'], { input: script })
  })
  test('bash completes commands, their commands and options', async () => {
    const script = (await cli(['completion', 'bash'])).out
    const complete = (...words: string[]) =>
      execFileSync(
        'bash',
        [
          '-c',
          `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _kedge; echo "\${COMPREPLY[*]}"`,
        ],
        { encoding: 'utf8', cwd: folder },
      ).trim()
    expect(complete('kedge', 'appl')).toBe('apply')
    expect(complete('kedge', 'token', 'rev')).toBe('revoke')
    expect(complete('kedge', 'apply', '--dry')).toBe('--dry-run')
  })
})

describe('backup and restore', () => {
  test('a copy of a running server is a server with the same journal, data and predictions', async () => {
    const backup = join(folder, 'backup')
    const at = Date.UTC(2026, 0, 1)
    const items = Array.from({ length: 300 }, (_, i) => ({
      id: `p${i}`,
      time: at + i * 60_000,
      revision: 1,
      features: { weight: i },
      score: i / 300,
    }))
    const send = (path: string, body: unknown) =>
      fetch(`${server.url}/api/v1/projects/fruit/endpoints/ripe${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await send('/predictions', { items })).status).toBe(200)

    const made = await on(['backup', '--to', backup, '--json'])
    expect(made.code, made.err).toBe(0)
    expect(await on(['backup', '--to', backup])).toMatchObject({ code: 1 })
    expect((await on(['restore', backup, '--check'])).out).toContain('The backup is whole')
    const restored = await on(['restore', backup, '--data', 'restored'])
    expect(restored.code, restored.err).toBe(0)
    expect(await on(['restore', backup, '--data', 'restored'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not empty'),
    })

    const copy = await serve('restored')
    try {
      const there = (args: string[]) => cli(args, { url: copy.url, cwd: folder })
      expect((await there(['journal', 'verify'])).code).toBe(0)
      expect((await there(['data', 'versions', 'fruit'])).out).toMatch(/fruit +1 +published +2/)
      const rows = await fetch(`${copy.url}/api/v1/projects/fruit/datasets/fruit/versions/1/rows`)
      expect(await rows.json()).toMatchObject({ total: 2 })
      const predictions = (await (
        await fetch(`${copy.url}/api/v1/projects/fruit/endpoints/ripe/predictions?limit=1000`)
      ).json()) as { items: unknown[] }
      expect(predictions.items).toHaveLength(300)
      expect((await there(['apply', '--dry-run'])).out).toContain('4 unchanged')
    } finally {
      await copy.stop()
    }
  })

  test('a copy that was damaged is refused, with the names of the files', async () => {
    const backup = join(folder, 'backup')
    const blob = readdirSync(join(backup, 'blobs'), { recursive: true, encoding: 'utf8' }).find((name) =>
      /[0-9a-f]{60}/.test(name),
    )!
    appendFileSync(join(backup, 'kedge.sqlite'), 'x')
    rmSync(join(backup, 'blobs', blob))
    const { code, err } = await on(['restore', backup, '--data', 'never'])
    expect(code).toBe(1)
    expect(err).toMatch(/kedge\.sqlite has \d+ bytes instead of \d+/)
    expect(err).toContain(`blobs/${blob} is missing`)
    mkdirSync(join(folder, 'no-copy'))
    expect((await on(['restore', join(folder, 'no-copy')])).err).toContain('it has no kedge-backup.json')
  })
})

test('bin/kedge.mjs runs a checkout from its sources', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'bin/kedge.mjs'), '--version'], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
