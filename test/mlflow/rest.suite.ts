// Over 300 lines: what MLflow's REST API must answer on both kinds of SQL store, in one suite.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TrackingServer } from '../servers/tracking-server.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
type Body = Record<string, any>
type Answer = { status: number; body: Body }

/** What MLflow's REST API promises, on any SQL store. */
export function restSuite(name: string, start: () => Promise<TrackingServer>): void {
  describe(`MLflow's API on ${name}`, () => {
    let server: TrackingServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(async () => {
      await server.stop()
    })

    const send = async (method: string, path: string, body?: unknown, raw?: string): Promise<Answer> => {
      const answer = await fetch(`${server.address}/mlflow/rest/api/2.0/mlflow/${path}`, {
        method,
        ...(body === undefined && raw === undefined
          ? {}
          : { body: raw ?? JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return { status: answer.status, body: (await answer.json()) as Body }
    }
    const post = (path: string, body: unknown) => send('POST', path, body)
    const get = (path: string) => send('GET', path)
    const newRun = async (experiment: string, fields: Record<string, unknown> = {}): Promise<string> =>
      (await post('runs/create', { experiment_id: experiment, start_time: 1000, ...fields })).body.run.info.run_id
    const newExperiment = async (title: string): Promise<string> =>
      (await post('experiments/create', { name: title })).body.experiment_id
    const refused = (answer: Answer, code = 'INVALID_PARAMETER_VALUE', status = 400) => {
      expect(answer.status).toBe(status)
      expect(answer.body).toMatchObject({ error_code: code, message: expect.any(String) })
    }

    it('has a default experiment with the id 0', async () => {
      expect((await get('experiments/get?experiment_id=0')).body.experiment).toMatchObject({
        name: 'Default',
        lifecycle_stage: 'active',
        artifact_location: 'mlflow-artifacts:/0',
      })
    })

    it('keeps names of experiments unique, deleted ones included', async () => {
      const id = await newExperiment('once')
      refused(await post('experiments/create', { name: 'once' }), 'RESOURCE_ALREADY_EXISTS')
      await post('experiments/delete', { experiment_id: id })
      refused(await post('experiments/create', { name: 'once' }), 'RESOURCE_ALREADY_EXISTS')
      refused(await post('runs/create', { experiment_id: id }))
      await post('experiments/restore', { experiment_id: id })
      expect((await post('experiments/update', { experiment_id: id, new_name: 'twice' })).status).toBe(200)
      expect((await get('experiments/get-by-name?experiment_name=twice')).body.experiment.experiment_id).toBe(id)
      refused(await get('experiments/get-by-name?experiment_name=once'), 'RESOURCE_DOES_NOT_EXIST', 404)
    })

    it('takes NaN and infinities as texts and as bare words, and clamps infinities', async () => {
      const run = await newRun('0')
      for (const value of ['NaN', 'Infinity', '-Infinity'])
        expect(
          (
            await send(
              'POST',
              'runs/log-metric',
              undefined,
              `{"run_id": "${run}", "key": "odd", "value": ${value}, "timestamp": 1, "step": "2"}`,
            )
          ).status,
        ).toBe(200)
      await post('runs/log-metric', { run_id: run, key: 'odd', value: '1.5', timestamp: '1', step: 3 })
      const { metrics } = (await get(`metrics/get-history?run_id=${run}&metric_key=odd`)).body
      expect(metrics.map((point: { value: unknown }) => point.value)).toEqual([
        -Number.MAX_VALUE,
        Number.MAX_VALUE,
        'NaN',
        1.5,
      ])
      expect((await get(`runs/get?run_id=${run}`)).body.run.data.metrics).toEqual([
        { key: 'odd', value: 1.5, timestamp: 1, step: 3 },
      ])
    })

    it('stores the same batch once, and its latest point by step, time and value', async () => {
      const run = await newRun('0')
      const metrics = [5, 3, 9, 7].map((step) => ({ key: 'm', value: step / 10, timestamp: 100 - step, step }))
      const batch = { run_id: run, metrics, params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: 'a' }] }
      for (let i = 0; i < 3; i++) expect((await post('runs/log-batch', batch)).status).toBe(200)
      expect((await get(`metrics/get-history?run_id=${run}&metric_key=m`)).body.metrics).toHaveLength(4)
      expect((await get(`runs/get?run_id=${run}`)).body.run.data).toMatchObject({
        metrics: [{ key: 'm', value: 0.9, step: 9 }],
        params: [{ key: 'p', value: '1' }],
      })
      refused(
        await post('runs/log-batch', {
          run_id: run,
          params: [{ key: 'p', value: '2' }],
          metrics: [{ key: 'other', value: 1, timestamp: 1, step: 1 }],
        }),
      )
      // the refused batch left nothing
      expect((await get(`metrics/get-history?run_id=${run}&metric_key=other`)).body).toEqual({})
    })

    it('refuses what is beyond a limit of MLflow, and says which', async () => {
      const run = await newRun('0')
      const many = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i))
      refused(
        await post('runs/log-batch', {
          run_id: run,
          metrics: many(1001, (i) => ({ key: 'm', value: i, timestamp: i, step: i })),
        }),
      )
      refused(await post('runs/log-batch', { run_id: run, params: many(101, (i) => ({ key: `p${i}`, value: '' })) }))
      refused(await post('runs/log-batch', { run_id: run, tags: many(101, (i) => ({ key: `p${i}`, value: '' })) }))
      refused(await post('runs/log-parameter', { run_id: run, key: 'k'.repeat(251), value: '1' }))
      refused(await post('runs/log-parameter', { run_id: run, key: 'k', value: 'v'.repeat(6001) }))
      refused(await post('runs/set-tag', { run_id: run, key: 'k', value: 'v'.repeat(8001) }))
      refused(await post('runs/log-parameter', { run_id: run, key: '../up', value: '1' }))
      refused(await post('experiments/create', { name: 'n'.repeat(501) }))
      refused(await post('experiments/create', {}))
      refused(await post('runs/log-metric', { run_id: run, key: 'm', value: 'many', timestamp: 1 }))
      refused(await post('runs/log-metric', { run_id: run, key: 'm', value: 1, timestamp: 1.5 }))
      refused(await post('runs/search', { experiment_ids: ['0'], max_results: 50_001 }))
      refused(await send('POST', 'runs/create', undefined, '{"experiment_id": '))
      refused(await send('POST', 'runs/create', undefined, '[1, 2]'))
      expect(
        (await post('runs/log-parameter', { run_id: run, key: 'k', value: 'v'.repeat(6000), unknown: { field: [1] } }))
          .status,
      ).toBe(200)
    })

    it('a search shows of a run what the run itself shows, whatever it has logged', async () => {
      const experiment = await newExperiment('the same')
      const empty = await newRun(experiment)
      const full = await newRun(experiment, { tags: [{ key: 'a "quoted" key', value: '' }] })
      const texts = ['\u0001\n"\\/\u2028', 'é 😀', '</script>', ' ']
      const values = [0.1 + 0.2, 3, -1e-310, 1.7976931348623157e308, 123456789012345680, 'NaN', 'Infinity', '-Infinity']
      await post('runs/log-batch', {
        run_id: full,
        params: texts.map((value, i) => ({ key: `p${9 - i}`, value })),
        tags: texts.map((value, i) => ({ key: `t${i}`, value })),
        metrics: values.map((value, i) => ({ key: `m${9 - i}`, value, timestamp: 1_700_000_000_123, step: -i })),
      })
      await post('runs/log-inputs', {
        run_id: full,
        datasets: [{ dataset: { name: 'rows', digest: 'd', source_type: 's', source: '{}' }, tags: [] }],
      })
      const { body } = await post('runs/search', { experiment_ids: [experiment], order_by: ['start_time ASC'] })
      for (const id of [empty, full]) {
        const found = body.runs.find((run: { info: { run_id: string } }) => run.info.run_id === id)
        expect(found).toEqual((await send('GET', `runs/get?run_id=${id}`)).body.run)
      }
    })

    it('finds runs by the whole language, with OR, NOT and parentheses', async () => {
      const experiment = await newExperiment('filters')
      for (const [i, kind] of ['Tree', 'tree', 'linear', 'none'].entries()) {
        const run = await newRun(experiment, {
          run_name: `r${i}`,
          start_time: 1000 + i,
          tags: [{ key: 'a b', value: `t${i}` }],
        })
        if (kind !== 'none') await post('runs/log-parameter', { run_id: run, key: 'kind', value: kind })
        await post('runs/log-metric', {
          run_id: run,
          key: 'auc',
          value: [0.5, 0.7, 'NaN', 0.9][i],
          timestamp: 1,
          step: 1,
        })
        if (i === 0)
          await post('runs/log-inputs', {
            run_id: run,
            datasets: [
              {
                dataset: { name: 'rows', digest: 'd1', source_type: 's', source: '{}' },
                tags: [{ key: 'mlflow.data.context', value: 'training' }],
              },
            ],
          })
      }
      const find = async (filter: string, order = ['attributes.start_time ASC']) => {
        const answer = await post('runs/search', { experiment_ids: [experiment], filter, order_by: order })
        expect(answer.status, JSON.stringify(answer.body)).toBe(200)
        return (answer.body.runs ?? []).map((run: { info: { run_name: string } }) => run.info.run_name)
      }
      expect(await find('metrics.auc > 0.6')).toEqual(['r1', 'r3'])
      expect(await find('metric.auc <= 0.7 and params.kind = "tree"')).toEqual(['r1'])
      expect(await find("params.kind LIKE 'tr%'")).toEqual(['r1'])
      expect(await find("params.kind ILIKE 'TR%'")).toEqual(['r0', 'r1'])
      expect(await find("params.kind != 'tree'")).toEqual(['r0', 'r2'])
      expect(await find("params.kind IN ('linear', 'Tree')")).toEqual(['r0', 'r2'])
      expect(await find("params.kind NOT IN ('linear', 'Tree')")).toEqual(['r1', 'r3'])
      expect(await find('params.kind IS NULL')).toEqual(['r3'])
      expect(await find('params.kind IS NOT NULL')).toEqual(['r0', 'r1', 'r2'])
      expect(await find("tags.`a b` = 't2' OR tags.\"a b\" = 't0'")).toEqual(['r0', 'r2'])
      expect(await find("NOT (attributes.run_name = 'r0' OR run_name = 'r1') AND start_time >= 1003")).toEqual(['r3'])
      expect(await find("datasets.name = 'rows' and datasets.context = 'training'")).toEqual(['r0'])
      expect(await find("attributes.status = 'RUNNING' and user_id = ''")).toHaveLength(4)
      expect(await find("run_name LIKE 'r_'")).toHaveLength(4)
      expect(await find("run_name LIKE '[r]%'")).toEqual([])
      expect(await find('', ['metrics.auc DESC'])).toEqual(['r3', 'r1', 'r0', 'r2'])
      expect(await find('', ['metrics.auc ASC'])).toEqual(['r0', 'r1', 'r3', 'r2'])
      expect(await find('', ['params.kind DESC', 'start_time DESC'])).toEqual(['r1', 'r2', 'r0', 'r3'])
      const wrong = await post('runs/search', {
        experiment_ids: [experiment],
        filter: "metrics.auc > 0.5 XOR params.a = 'b'",
      })
      refused(wrong)
      expect(wrong.body.message).toContain('character 19')
      refused(await post('runs/search', { experiment_ids: [experiment], filter: "metrics.auc = 'x'" }))
      refused(await post('runs/search', { experiment_ids: [experiment], filter: "params.a > 'x'" }))
      refused(await post('runs/search', { experiment_ids: [experiment], order_by: ['nonsense.a'] }))
    })

    it('keeps its pages stable while runs are added', async () => {
      const experiment = await newExperiment('pages')
      for (let i = 0; i < 7; i++) await newRun(experiment, { start_time: 1000 + i })
      const all: string[] = []
      let token: string | undefined
      do {
        const { body } = await post('runs/search', { experiment_ids: [experiment], max_results: 3, page_token: token })
        all.push(...body.runs.map((run: { info: { run_id: string } }) => run.info.run_id))
        token = body.next_page_token
        await newRun(experiment, { start_time: 5000 })
      } while (token)
      expect(all).toHaveLength(7)
      expect(new Set(all).size).toBe(7)
      refused(await post('runs/search', { experiment_ids: [experiment], page_token: 'nonsense' }))
    })

    it('pages the history of a metric, and thins it for several runs', async () => {
      const run = await newRun('0')
      await post('runs/log-batch', {
        run_id: run,
        metrics: Array.from({ length: 100 }, (_, i) => ({ key: 'm', value: i, timestamp: i, step: i })),
      })
      const first = (await get(`metrics/get-history?run_id=${run}&metric_key=m&max_results=60`)).body
      const second = (
        await get(
          `metrics/get-history?run_id=${run}&metric_key=m&max_results=60&page_token=${encodeURIComponent(first.next_page_token)}`,
        )
      ).body
      expect([first.metrics.length, second.metrics.length, second.next_page_token]).toEqual([60, 40, undefined])
      const bulk = (await get(`metrics/get-history-bulk?run_id=${run}&metric_key=m&max_results=5`)).body.metrics
      expect(bulk).toHaveLength(5)
      const thinned = (await get(`metrics/get-history-bulk-interval?run_ids=${run}&metric_key=m&max_results=10`)).body
        .metrics
      expect(thinned.length).toBeGreaterThanOrEqual(10)
      expect(thinned.length).toBeLessThanOrEqual(12)
      expect(thinned.at(-1).step).toBe(99)
    })

    it('moves runs to deleted and back, and refuses to write to a deleted one', async () => {
      const run = await newRun('0')
      await post('runs/delete', { run_id: run })
      expect((await get(`runs/get?run_id=${run}`)).body.run.info.lifecycle_stage).toBe('deleted')
      refused(await post('runs/log-metric', { run_id: run, key: 'm', value: 1, timestamp: 1 }))
      refused(await post('runs/update', { run_id: run, status: 'FINISHED' }))
      await post('runs/restore', { run_id: run })
      expect((await post('runs/update', { run_id: run, status: 'FINISHED', end_time: 7 })).body.run_info).toMatchObject(
        { status: 'FINISHED', end_time: 7 },
      )
      refused(await post('runs/update', { run_id: run, status: 'DONE' }))
    })

    it('gives aliases to versions and keeps who moved them', async () => {
      await post('registered-models/create', { name: 'm' })
      refused(await post('registered-models/create', { name: 'm' }), 'RESOURCE_ALREADY_EXISTS')
      refused(await post('registered-models/create', { name: 'a/b' }))
      for (const source of ['mlflow-artifacts:/0/models/a/artifacts', 's3://bucket/model'])
        expect((await post('model-versions/create', { name: 'm', source })).status).toBe(200)
      for (const source of [
        '/etc/passwd',
        'file:///etc/passwd',
        './model',
        'C:\\model',
        'mlflow-artifacts:/0/../../etc',
      ])
        refused(await post('model-versions/create', { name: 'm', source }))
      refused(
        await post('model-versions/create', { name: 'none', source: 's3://bucket/model' }),
        'RESOURCE_DOES_NOT_EXIST',
        404,
      )
      await post('registered-models/alias', { name: 'm', alias: 'best', version: '1' })
      await post('registered-models/alias', { name: 'm', alias: 'best', version: 2 })
      expect((await get('registered-models/alias?name=m&alias=best')).body.model_version).toMatchObject({
        version: '2',
        aliases: ['best'],
      })
      for (const alias of ['v1', 'latest', 'a b', ''])
        refused(await post('registered-models/alias', { name: 'm', alias, version: '1' }))
      refused(
        await post('registered-models/alias', { name: 'm', alias: 'best', version: '9' }),
        'RESOURCE_DOES_NOT_EXIST',
        404,
      )
      refused(await get('registered-models/alias?name=m&alias=none'))
      expect(
        (await server.registry.aliases.history('rest', 'm')).map(({ from, to, actor }) => [from, to, actor]),
      ).toEqual([
        [1, 2, 'local'],
        [null, 1, 'local'],
      ])
      await send('DELETE', 'registered-models/delete', { name: 'm' })
      refused(await get('registered-models/get?name=m'), 'RESOURCE_DOES_NOT_EXIST', 404)
      await post('registered-models/create', { name: 'm' })
      // a number is never given twice
      expect(
        (await post('model-versions/create', { name: 'm', source: 's3://bucket/model' })).body.model_version.version,
      ).toBe('3')
    })

    it('keeps artifacts inside their project, whatever the path', async () => {
      const url = `${server.address}/mlflow/rest/api/2.0/mlflow-artifacts/artifacts`
      const put = (path: string, body: string | Uint8Array) =>
        fetch(`${url}/${path}`, { method: 'PUT', body: body as string })
      expect((await put('0/run/artifacts/a/b.txt', 'hello')).status).toBe(200)
      expect((await put('0/run/artifacts/a.txt', 'beside')).status).toBe(200)
      expect((await put('0/run/artifacts/a/%C3%A4%20%25.json', '{"broken')).status).toBe(200)
      const list = async (path: string) =>
        ((await (await fetch(`${url}?path=${path}`)).json()) as { files?: { path: string }[] }).files?.map(
          (file) => file.path,
        ) ?? []
      expect(await list('0/run/artifacts')).toEqual(['a', 'a.txt'])
      expect(await list('0/run/artifacts/a')).toEqual(['b.txt', 'ä %.json'])
      const range = await fetch(`${url}/0/run/artifacts/a/b.txt`, { headers: { range: 'bytes=1-3' } })
      expect([range.status, await range.text(), range.headers.get('content-range')]).toEqual([
        206,
        'ell',
        'bytes 1-3/5',
      ])
      for (const path of [
        '..%2f..%2fetc%2fpasswd',
        '0/%2e%2e/%2e%2e/x',
        '%252e%252e%252fx',
        '0/..%5c..%5cx',
        '0/a%00b',
        'C:%2fx',
        'file:%2f%2f%2fetc%2fpasswd',
        '%2fetc%2fpasswd',
      ]) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const answer = await fetch(`${url}/${path}`, { method, ...(method === 'PUT' ? { body: 'x' } : {}) })
          expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
          expect(answer.status, `${method} ${path}`).toBeLessThan(500)
        }
        expect((await fetch(`${url}?path=${path}`)).status).toBe(400)
      }
      expect((await fetch(`${url}/0/run/artifacts/none`)).status).toBe(404)
      expect(
        (await fetch(`${server.address}/mlflow/elsewhere/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/a/b.txt`))
          .status,
      ).toBe(404)
      expect((await fetch(`${url}/0/run/artifacts/a`, { method: 'DELETE' })).status).toBe(200)
      expect(await list('0/run/artifacts')).toEqual(['a.txt'])
    })

    it('registers only what is on this server or in a bucket, and of the run that it is said to be of', async () => {
      const run = await newRun('0')
      const other = await newRun('0')
      await post('registered-models/create', { name: 'sources' })
      const register = (source: string, fields = {}) =>
        post('model-versions/create', { name: 'sources', source, ...fields })
      for (const source of [
        '/etc/passwd',
        'relative/path',
        'file:///etc/passwd',
        'file://host/share',
        'C:\\models',
        'http://169.254.169.254/latest/meta-data',
        'https://example.com/model',
        'ftp://10.0.0.1/x',
        's3://bucket/../other',
        's3://bucket/%2e%2e/other',
        's3://bucket/%252e%252e/other',
        'mlflow-artifacts:/../../etc',
        'mlflow-artifacts:/0/%2e%2e/x',
        `runs:/${run}/../../x`,
        'runs://other.host/run/model',
        'models://other.host/model/1',
        's3://bucket/a\u0000b',
      ])
        refused(await register(source))
      refused(await register(`runs:/${run}/model`, { run_id: other }))
      refused(await register(`mlflow-artifacts:/0/${run}/artifacts/model`, { run_id: other }))
      refused(await register(`mlflow-artifacts:/0/${run}/artifacts-else`, { run_id: run }))
      refused(await register('models:/sources/9'), 'RESOURCE_DOES_NOT_EXIST', 404)
      refused(await register(`runs:/${'0'.repeat(32)}/model`), 'RESOURCE_DOES_NOT_EXIST', 404)
      expect((await register(`runs:/${run}/model`)).body.model_version).toMatchObject({ version: '1', run_id: run })
      expect((await register('models:/sources/latest')).body.model_version).toMatchObject({
        source: 'models:/sources/1',
        run_id: run,
      })
      expect((await register('s3://bucket/model')).status).toBe(200)
      const versions = (await get(`model-versions/search?filter=${encodeURIComponent("name = 'sources'")}`)).body
      expect(versions.model_versions).toHaveLength(3)
    })

    it('finds prompts only where they are asked for', async () => {
      const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]
      await post('registered-models/create', { name: 'ask', tags })
      await post('model-versions/create', { name: 'ask', source: 'dummy-source', tags })
      await post('registered-models/create', { name: 'ask-model' })
      const names = async (what: string, filter: string, key: string) =>
        ((await get(`${what}/search?filter=${encodeURIComponent(filter)}`)).body[key] ?? []).map(
          (one: { name: string }) => one.name,
        )
      const asked = 'tags.`mlflow.prompt.is_prompt`'
      const models = (filter: string) => names('registered-models', `${filter}name LIKE 'ask%'`, 'registered_models')
      expect(await models('')).toEqual(['ask-model'])
      expect(await models(`${asked} = 'true' AND `)).toEqual(['ask'])
      expect(await models(`${asked} != 'false' AND `)).toEqual(['ask'])
      expect(await models(`${asked} != 'true' AND `)).toEqual(['ask-model'])
      expect(await models(`${asked} = 'false' AND `)).toEqual(['ask-model'])
      expect(await names('model-versions', "name = 'ask'", 'model_versions')).toEqual([])
      expect(await names('model-versions', `name = 'ask' AND ${asked} = 'true'`, 'model_versions')).toEqual(['ask'])
    })

    it('says at once what it has not, in a form that no client tries again', async () => {
      refused(await get('gateway/endpoints/list'), 'NOT_IMPLEMENTED', 501)
      refused(await post('prompt-optimization/jobs', {}), 'NOT_IMPLEMENTED', 501)
      refused(await get('nothing/here'), 'ENDPOINT_NOT_FOUND', 404)
      const mirror = await fetch(`${server.address}/mlflow/rest/ajax-api/2.0/mlflow/experiments/search`, {
        method: 'POST',
        body: '{"max_results": 5}',
      })
      expect(mirror.status).toBe(200)
      expect(await (await fetch(`${server.address}/mlflow/rest/version`)).text()).toMatch(/^3\./)
    })
  })
}
