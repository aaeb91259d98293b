// Over 300 lines: what the API of traces must answer on both kinds of SQL store, in one suite.
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportTraceRequest } from '../../src/protocols/mlflow/otlp/otlp-proto.ts'
import type { TrackingServer } from '../servers/tracking-server.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
type Body = Record<string, any>
type Answer = { status: number; body: Body }

const hex = (digits: string, length: number) => digits.repeat(length).slice(0, length)
const second = 1_000_000_000n
const start = 1_760_000_000_123_456_789n

/** A span of OpenTelemetry's JSON; `trace` and `id` are one digit each. */
const span = (trace: string, id: string, fields: Body = {}) => ({
  traceId: hex(trace, 32),
  spanId: hex(id, 16),
  name: `span ${id}`,
  kind: 1,
  startTimeUnixNano: String(start),
  endTimeUnixNano: String(start + second),
  status: { code: 1 },
  ...fields,
})
const attribute = (key: string, value: Body) => ({ key, value })
const text = (key: string, stringValue: string) => attribute(key, { stringValue })
const batch = (spans: Body[], resource: Body[] = []) => ({
  resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ spans }] }],
})

/** What MLflow's API of traces and OpenTelemetry's protocol promise, on any SQL store. */
export function tracesSuite(store: string, startServer: () => Promise<TrackingServer>): void {
  describe(`traces on ${store}`, () => {
    let server: TrackingServer
    let experiment: string
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(async () => {
      await server.stop()
    })
    let base: string
    let experiments = 0

    const send = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const answer = await fetch(`${base}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : {
              body: typeof body === 'string' ? body : JSON.stringify(body),
              headers: { 'content-type': 'application/json' },
            }),
      })
      return { status: answer.status, body: (await answer.json()) as Body }
    }
    const v3 = (method: string, path: string, body?: unknown) => send(method, `/api/3.0/mlflow/traces${path}`, body)
    const otlp = async (
      body: Body | string | Uint8Array,
      headers: Record<string, string> = {},
      ofExperiment: string | null = experiment,
    ): Promise<{ status: number; bytes: Buffer; type: string | null }> => {
      const answer = await fetch(`${base}/v1/traces`, {
        method: 'POST',
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
        headers: {
          'content-type': 'application/json',
          ...(ofExperiment === null ? {} : { 'x-mlflow-experiment-id': ofExperiment }),
          ...headers,
        },
      })
      return {
        status: answer.status,
        bytes: Buffer.from(await answer.arrayBuffer()),
        type: answer.headers.get('content-type'),
      }
    }
    const search = async (filter?: string, more: Body = {}): Promise<string[]> => {
      const { status, body } = await v3('POST', '/search', {
        locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }],
        ...(filter === undefined ? {} : { filter }),
        ...more,
      })
      expect(body, `status ${status}`).not.toHaveProperty('error_code')
      return (body.traces ?? []).map((trace: Body) => trace.trace_id)
    }
    const begin = (id: string, info: Body = {}) =>
      v3('POST', '', {
        trace: {
          trace_info: {
            trace_id: id,
            trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } },
            request_time: '2026-01-02T03:04:05.678Z',
            execution_duration: '1.250s',
            state: 'OK',
            ...info,
          },
        },
      })
    const refused = (answer: Answer, code = 'INVALID_PARAMETER_VALUE', status = 400) => {
      expect([answer.status, answer.body.error_code]).toEqual([status, code])
      expect(answer.body.message).toEqual(expect.any(String))
    }
    /** A project and an experiment of the test's own. */
    const fresh = async () => {
      base = `${server.address}/mlflow/p${++experiments}`
      const answer = await send('POST', '/api/2.0/mlflow/experiments/create', { name: 'traced' })
      experiment = answer.body.experiment_id
    }

    it('gives spans back exactly, sent as JSON and as protobuf', async () => {
      await fresh()
      const sent = span('a', '1', {
        traceState: 'x=y',
        flags: 1,
        kind: 3,
        endTimeUnixNano: String(start + 1n),
        status: { code: 2, message: 'größer' },
        attributes: [
          text('b', 'after a'),
          attribute('a', { intValue: '9223372036854775807' }),
          attribute('1', { doubleValue: 1 }),
          attribute('nan', { doubleValue: 'NaN' }),
          attribute('half', { doubleValue: 0.5 }),
          attribute('yes', { boolValue: true }),
          attribute('bytes', { bytesValue: 'AAEC' }),
          attribute('list', { arrayValue: { values: [{ stringValue: 'x' }, {}, { intValue: '-3' }] } }),
          attribute('map', { kvlistValue: { values: [text('@', 'int'), attribute('none', {})] } }),
          text('nul', 'a\u0000b'),
        ],
        droppedAttributesCount: 2,
        events: [{ timeUnixNano: String(start + 5n), name: 'e', attributes: [attribute('n', { intValue: '1' })] }],
        links: [{ traceId: hex('b', 32), spanId: hex('2', 16), attributes: [text('why', 'retry')], flags: 1 }],
      })
      const back = async () => (await v3('GET', `/get?trace_id=tr-${hex('a', 32)}&allow_partial=true`)).body.trace.spans
      expect((await otlp(batch([sent]))).status).toBe(200)
      const asJson = await back()
      expect(asJson).toEqual([
        {
          trace_id: Buffer.from(hex('a', 32), 'hex').toString('base64'),
          span_id: Buffer.from(hex('1', 16), 'hex').toString('base64'),
          trace_state: 'x=y',
          flags: 1,
          name: 'span 1',
          kind: 3,
          start_time_unix_nano: String(start),
          end_time_unix_nano: String(start + 1n),
          attributes: [
            { key: 'b', value: { string_value: 'after a' } },
            { key: 'a', value: { int_value: '9223372036854775807' } },
            { key: '1', value: { double_value: 1 } },
            { key: 'nan', value: { double_value: 'NaN' } },
            { key: 'half', value: { double_value: 0.5 } },
            { key: 'yes', value: { bool_value: true } },
            { key: 'bytes', value: { bytes_value: 'AAEC' } },
            { key: 'list', value: { array_value: { values: [{ string_value: 'x' }, {}, { int_value: '-3' }] } } },
            {
              key: 'map',
              value: {
                kvlist_value: {
                  values: [
                    { key: '@', value: { string_value: 'int' } },
                    { key: 'none', value: {} },
                  ],
                },
              },
            },
            { key: 'nul', value: { string_value: 'a\u0000b' } },
          ],
          dropped_attributes_count: 2,
          events: [
            {
              time_unix_nano: String(start + 5n),
              name: 'e',
              attributes: [{ key: 'n', value: { int_value: '1' } }],
            },
          ],
          links: [
            {
              trace_id: Buffer.from(hex('b', 32), 'hex').toString('base64'),
              span_id: Buffer.from(hex('2', 16), 'hex').toString('base64'),
              attributes: [{ key: 'why', value: { string_value: 'retry' } }],
              flags: 1,
            },
          ],
          status: { code: 'STATUS_CODE_ERROR', message: 'größer' },
        },
      ])
      const binary = exportTraceRequest.encode(exportTraceRequest.fromObject(inBytes(batch([sent])))).finish()
      await v3('POST', '/delete-traces', { experiment_id: experiment, request_ids: [`tr-${hex('a', 32)}`] })
      const answer = await otlp(binary, { 'content-type': 'application/x-protobuf' })
      expect([answer.status, answer.type, answer.bytes.length]).toEqual([200, 'application/x-protobuf', 0])
      expect(await back()).toEqual(asJson)
    })

    it('takes gzip and both kinds of deflate, and refuses what it cannot read', async () => {
      await fresh()
      const body = Buffer.from(JSON.stringify(batch([span('a', '1')])))
      for (const [encoding, bytes] of [
        ['gzip', gzipSync(body)],
        ['deflate', deflateSync(body)],
        ['deflate', deflateRawSync(body)],
        ['identity', body],
      ] as const)
        expect((await otlp(bytes, { 'content-encoding': encoding })).status).toBe(200)
      expect(await search()).toEqual([`tr-${hex('a', 32)}`])
      const bad = async (
        bytes: Body | string | Uint8Array,
        headers: Record<string, string> = {},
        of: string | null = experiment,
      ) => {
        const answer = await otlp(bytes, headers, of)
        expect(JSON.parse(String(answer.bytes)).error_code).toEqual(expect.any(String))
        return answer.status
      }
      expect(await bad(body, { 'content-encoding': 'gzip' })).toBe(400)
      expect(await bad(body, { 'content-encoding': 'br' })).toBe(400)
      expect(await bad(gzipSync(Buffer.alloc(65 * 2 ** 20)), { 'content-encoding': 'gzip' })).toBe(413)
      expect(await bad(body, { 'content-type': 'text/plain' })).toBe(400)
      expect(await bad(body, { 'content-type': 'application/x-protobuf' })).toBe(400)
      expect(await bad(new Uint8Array(), { 'content-type': 'application/x-protobuf' })).toBe(400)
      expect(await bad('{"resourceSpans"')).toBe(400)
      expect(await bad(Buffer.from([0xff, 0xfe]))).toBe(400)
      expect(await bad({})).toBe(400)
      expect(await bad(batch([{ name: 'no ids' }]))).toBe(400)
      expect(await bad(batch([span('a', '1', { traceId: 'zz' })]))).toBe(400)
      expect(await bad(batch([span('a', '1', { startTimeUnixNano: '-1' })]))).toBe(400)
      expect(await bad(batch([span('a', '1', { attributes: [attribute('x', { intValue: '1e3' })] })]))).toBe(400)
      let deep: Body = { stringValue: 'x' }
      for (let i = 0; i < 200; i++) deep = { arrayValue: { values: [deep] } }
      expect(await bad(batch([span('a', '1', { attributes: [attribute('x', deep)] })]))).toBe(400)
      expect(await bad(batch([span('a', '2')]), {}, null)).toBe(400)
      expect(await bad(batch([span('b', '2')]), {}, '4711')).toBe(404)
    })

    it('takes texts that SQL cannot store, and refuses times and values out of all bounds', async () => {
      await fresh()
      const odd = 'a\u0000b\ud800'
      await otlp(
        batch([
          span('a', '1', {
            name: odd,
            status: { code: 2, message: odd },
            attributes: [text(odd, odd)],
            events: [{ name: odd, timeUnixNano: '1' }],
          }),
          span('a', '2', { name: odd, attributes: [text('odd', odd), text('plain', 'yes')] }),
          span('b', '1', { startTimeUnixNano: '18446744073709551615', endTimeUnixNano: '18446744073709551615' }),
        ]),
      )
      await begin('tr-1', {
        tags: { [odd]: odd },
        trace_metadata: { k: odd },
        request_preview: odd,
        client_request_id: odd,
      })
      const assess = (value: unknown, more: Body = {}) =>
        v3('POST', '/tr-1/assessments', {
          assessment: {
            assessment_name: odd,
            source: { source_type: 'CODE', source_id: odd },
            feedback: { value },
            ...more,
          },
        })
      expect((await assess({ a: odd }, { rationale: odd, metadata: { [odd]: odd } })).status).toBe(200)
      expect(await search("span.attributes.plain = 'yes' AND trace.text LIKE '%b%'")).toEqual([`tr-${hex('a', 32)}`])
      expect(await search('feedback.`a\ufffdb\ufffd` IS NOT NULL')).toEqual(['tr-1'])
      expect(await search("feedback.`a\ufffdb\ufffd` LIKE '%b%'")).toEqual(['tr-1'])
      expect((await v3('GET', `/get?trace_id=tr-${hex('b', 32)}`)).body.trace.spans[0].end_time_unix_nano).toBe(
        '18446744073709551615',
      )
      const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
      const deep = await send(
        'POST',
        '/api/3.0/mlflow/traces/tr-1/assessments',
        `{"assessment": {"assessment_name": "x", "source": {}, "feedback": {"value": ${nested}}}}`,
      )
      expect(deep.status).toBe(400)
      for (const timestamp_ms of [-1, 9e15])
        refused(await send('POST', '/api/2.0/mlflow/traces', { experiment_id: experiment, timestamp_ms }))
    })

    it('stores a batch once however often it comes, whole or not at all', async () => {
      await fresh()
      const sent = batch([span('a', '1'), span('a', '2', { parentSpanId: hex('1', 16) }), span('b', '3')])
      await Promise.all([otlp(sent), otlp(sent), otlp(sent), otlp(sent)])
      expect((await search()).sort()).toEqual([`tr-${hex('a', 32)}`, `tr-${hex('b', 32)}`])
      const got = await v3('GET', `/get?trace_id=tr-${hex('a', 32)}`)
      expect(got.body.trace.spans.map((one: Body) => one.name)).toEqual(['span 1', 'span 2'])
      expect((await otlp(batch([span('c', '1'), span('c', '2', { spanId: 'no' })]))).status).toBe(400)
      expect(await search()).toHaveLength(2)
    })

    it('shows a trace while it goes on, and takes what its client says of it as the last word', async () => {
      await fresh()
      const id = `tr-${hex('a', 32)}`
      const info = async () => (await v3('GET', `/${id}`)).body.trace.trace_info
      await otlp(batch([span('a', '2', { parentSpanId: hex('1', 16) })], [text('service.name', 'shop')]))
      expect(await info()).toMatchObject({
        state: 'IN_PROGRESS',
        execution_duration: '1s',
        tags: { 'service.name': 'shop', 'mlflow.trace.spansLocation': 'TRACKING_STORE' },
      })
      expect(await search("status = 'IN_PROGRESS'")).toEqual([id])
      await otlp(
        batch([
          span('a', '1', {
            name: 'checkout',
            startTimeUnixNano: String(start - second),
            endTimeUnixNano: String(start + 2n * second),
            attributes: [
              attribute('mlflow.spanInputs', { kvlistValue: { values: [text('q', 'shoes')] } }),
              text('mlflow.spanOutputs', 'sold'),
              text('session.id', 's1'),
            ],
          }),
        ]),
      )
      expect(await info()).toMatchObject({
        state: 'OK',
        execution_duration: '3s',
        request_preview: '{"q":"shoes"}',
        response_preview: 'sold',
        tags: { 'mlflow.traceName': 'checkout', 'mlflow.artifactLocation': expect.stringContaining(`/traces/${id}/`) },
        trace_metadata: { 'mlflow.trace.session': 's1' },
      })
      await begin(id, {
        tags: { 'mlflow.traceName': 'other' },
        trace_metadata: { 'mlflow.trace.sizeStats': '{"num_spans": 3}' },
      })
      await otlp(batch([span('a', '4', { parentSpanId: hex('1', 16), endTimeUnixNano: String(start + 60n * second) })]))
      expect(await info()).toMatchObject({ execution_duration: '1.25s', tags: { 'mlflow.traceName': 'other' } })
      expect((await v3('GET', `/get?trace_id=${id}`)).body.trace.spans).toHaveLength(3)
    })

    it('waits for spans that were announced, then says that they have not come', async () => {
      await fresh()
      const id = `tr-${hex('a', 32)}`
      await otlp(batch([span('a', '1')]))
      await begin(id, { trace_metadata: { 'mlflow.trace.sizeStats': '{"num_spans": 2}' } })
      expect((await v3('GET', `/get?trace_id=${id}&allow_partial=true`)).body.trace.spans).toHaveLength(1)
      const whole = v3('GET', `/get?trace_id=${id}`)
      await otlp(batch([span('a', '2', { parentSpanId: hex('1', 16) })]))
      expect((await whole).body.trace.spans).toHaveLength(2)
      await begin(id, { trace_metadata: { 'mlflow.trace.sizeStats': '{"num_spans": 9}' } })
      refused(await v3('GET', `/get?trace_id=${id}`), 'RESOURCE_DOES_NOT_EXIST', 404)
    })

    it('starts, reads and merges a trace; its files lie below those of its experiment', async () => {
      await fresh()
      const made = await begin('tr-1', {
        client_request_id: 'mine',
        request_preview: 'in',
        tags: { a: '1' },
        trace_metadata: { m: 'x'.repeat(9000), 'mlflow.sourceRun': 'r1' },
      })
      expect(made.body.trace.trace_info).toMatchObject({
        trace_id: 'tr-1',
        trace_location: { mlflow_experiment: { experiment_id: experiment } },
        request_time: '2026-01-02T03:04:05.678Z',
        execution_duration: '1.25s',
        state: 'OK',
        client_request_id: 'mine',
        request_preview: 'in',
        tags: { a: '1', 'mlflow.artifactLocation': `mlflow-artifacts:/${experiment}/traces/tr-1/artifacts` },
        trace_metadata: { 'mlflow.sourceRun': 'r1' },
      })
      expect(made.body.trace.trace_info.trace_metadata.m).toHaveLength(8000)
      const again = await begin('tr-1', { state: 'ERROR', tags: { b: '2' } })
      expect(again.body.trace.trace_info).toMatchObject({
        state: 'ERROR',
        request_preview: 'in',
        tags: { a: '1', b: '2' },
      })
      expect(await search()).toEqual(['tr-1'])
      const file = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/traces/tr-1/artifacts/traces.json`
      await fetch(`${base}${file}`, { method: 'PUT', body: '{"spans": []}' })
      expect(await (await fetch(`${base}${file}`)).text()).toBe('{"spans": []}')

      refused(await begin(''))
      refused(await begin('x'.repeat(300)))
      refused(await begin('a/b'))
      refused(await begin('tr-2', { request_time: 'yesterday' }))
      refused(await begin('tr-2', { execution_duration: 'long' }))
      refused(await begin('tr-2', { state: 'DONE' }))
      refused(await begin('tr-2', { tags: [] }))
      refused(await begin('tr-2', { trace_location: {} }))
      refused(
        await begin('tr-2', { trace_location: { mlflow_experiment: { experiment_id: '99' } } }),
        'RESOURCE_DOES_NOT_EXIST',
        404,
      )
      refused(await v3('POST', '', {}))
      refused(await v3('GET', '/tr-none'), 'RESOURCE_DOES_NOT_EXIST', 404)
      refused(await v3('GET', '/get?trace_id=tr-none'), 'RESOURCE_DOES_NOT_EXIST', 404)
    })

    it('reads many at once, those that exist, in the order asked for', async () => {
      await fresh()
      for (const id of ['tr-1', 'tr-2', 'tr-3']) await begin(id)
      const infos = await v3('POST', '/batchGetInfos', { trace_ids: ['tr-3', 'none', 'tr-1'] })
      expect(infos.body.trace_infos.map((info: Body) => info.trace_id)).toEqual(['tr-3', 'tr-1'])
      const traces = await v3('GET', '/batchGet?trace_ids=tr-2&trace_ids=tr-1')
      expect(traces.body.traces.map((trace: Body) => trace.trace_info.trace_id)).toEqual(['tr-2', 'tr-1'])
      expect((await v3('POST', '/batchGetInfos', { trace_ids: ['tr-1'], experiment_ids: [] })).body).toEqual({})
      refused(await v3('POST', '/batchGetInfos', { trace_ids: [] }))
    })

    it('sets and takes away tags, under both versions of the API', async () => {
      await fresh()
      await begin('tr-1')
      const tags = async () => (await v3('GET', '/tr-1')).body.trace.trace_info.tags
      expect((await v3('PATCH', '/tr-1/tags', { key: 'k', value: 'v' })).status).toBe(200)
      await send('PATCH', '/api/2.0/mlflow/traces/tr-1/tags', { key: 'old', value: '' })
      expect(await tags()).toMatchObject({ k: 'v', old: '' })
      expect((await v3('DELETE', '/tr-1/tags', { key: 'k' })).status).toBe(200)
      expect(await tags()).not.toHaveProperty('k')
      refused(await v3('DELETE', '/tr-1/tags', { key: 'k' }), 'RESOURCE_DOES_NOT_EXIST', 404)
      refused(await v3('PATCH', '/tr-1/tags', { value: 'v' }))
      refused(await v3('PATCH', '/tr-1/tags', { key: 'x'.repeat(251), value: 'v' }))
      refused(await v3('PATCH', '/tr-none/tags', { key: 'k', value: 'v' }), 'RESOURCE_DOES_NOT_EXIST', 404)
    })

    it('searches by what traces, spans and assessments are', async () => {
      await fresh()
      const time = (seconds: number) => new Date(1_760_000_000_000 + seconds * 1000).toISOString()
      await begin('one', {
        request_time: time(1),
        execution_duration: '0.1s',
        tags: { 'mlflow.traceName': 'plan', env: 'prod' },
        trace_metadata: { user: 'ann', 'mlflow.sourceRun': 'run-1' },
      })
      await begin('two', {
        request_time: time(2),
        execution_duration: '0.5s',
        state: 'ERROR',
        tags: { env: 'test', 'my key': 'x' },
      })
      await begin('three', {
        request_time: time(3),
        execution_duration: undefined,
        state: 'IN_PROGRESS',
        client_request_id: 'c-3',
      })
      const spans = `tr-${hex('d', 32)}`
      await otlp(
        batch([
          span('d', '1', {
            name: 'root',
            startTimeUnixNano: String(1_760_000_004_000_000_000n),
            endTimeUnixNano: String(1_760_000_004_900_000_000n),
            attributes: [text('mlflow.spanType', 'CHAIN'), text('say', 'Naïve "text" 100% c:\\x')],
          }),
          span('d', '2', {
            name: 'call',
            parentSpanId: hex('1', 16),
            status: { code: 2 },
            startTimeUnixNano: String(1_760_000_004_000_000_000n),
            endTimeUnixNano: String(1_760_000_004_500_000_000n),
            attributes: [
              text('mlflow.spanType', 'LLM'),
              text('model', 'tiny-7b'),
              attribute('temperature', { doubleValue: 1 }),
              attribute('stream', { boolValue: false }),
              attribute('tokens', { intValue: '12' }),
            ],
          }),
        ]),
      )
      const assess = (trace: string, name: string, kind: Body, more: Body = {}) =>
        v3('POST', `/${trace}/assessments`, {
          assessment: { assessment_name: name, source: { source_type: 'HUMAN' }, ...kind, ...more },
        })
      await assess('one', 'good', { feedback: { value: true } })
      await assess('one', 'score', { feedback: { value: 0.25 } })
      await assess('two', 'score', { feedback: { value: 0.75 } })
      await assess('two', 'label', { feedback: { value: 'so so' } })
      await assess('two', 'label', { expectation: { value: 'fine' } })

      const all = ['one', 'two', 'three', spans]
      for (const [filter, expected] of [
        ["status = 'ERROR'", ['two']],
        ["attributes.state != 'ERROR'", ['one', 'three', spans]],
        ["trace.status IN ('OK', 'ERROR')", ['one', 'two', spans]],
        ["name = 'plan' OR name = 'root'", ['one', spans]],
        ["name ILIKE 'PL%'", ['one']],
        ["name RLIKE '^pl[a-z]+$'", ['one']],
        ["name RLIKE '^(plan|ro+t)$'", ['one', spans]],
        ["text RLIKE 'Na.ve'", [spans]],
        ["NOT (tags.env = 'prod')", ['two', 'three', spans]],
        ["tags.env != 'prod'", ['two']],
        ["tags.`my key` = 'x'", ['two']],
        ['tag.env IS NULL', ['three', spans]],
        ["metadata.user = 'ann'", ['one']],
        ['request_metadata.user IS NOT NULL', ['one']],
        ["run_id = 'run-1'", ['one']],
        ["metadata.`mlflow.sourceRun` = 'run-1'", ['one']],
        ["request_id = 'two'", ['two']],
        ["client_request_id = 'c-3'", ['three']],
        ['timestamp >= 1760000003000', ['three', spans]],
        ['attributes.timestamp_ms < 1760000002000', ['one']],
        ['execution_time > 200 AND execution_time_ms < 600', ['two']],
        ['end_time > 1760000004000', [spans]],
        ["span.name = 'call'", [spans]],
        ["span.name LIKE 'c%' AND span.type = 'LLM' AND span.status = 'ERROR'", [spans]],
        ["span.name = 'root' AND span.type = 'LLM'", []],
        ["span.name = 'root' AND status = 'OK' AND NOT span.type = 'TOOL'", [spans]],
        ["span.type IN ('LLM', 'TOOL')", [spans]],
        ["span.attributes.model = 'tiny-7b'", [spans]],
        ["span.attributes.`model` ILIKE '%7B'", [spans]],
        ["span.attributes.model != 'tiny-7b'", []],
        ["span.attributes.temperature = '1'", [spans]],
        ["span.attributes.stream = 'false'", [spans]],
        ["span.attributes.tokens LIKE '1%'", [spans]],
        ["span.attributes.say LIKE '%100%'", [spans]],
        ['trace.text LIKE \'%"text" 100%\'', [spans]],
        ["text ILIKE '%naïve%'", [spans]],
        ["trace.text LIKE '%c:\\x%'", [spans]],
        ["trace.text LIKE '%TEXT%'", []],
        ["trace.text LIKE '%7b%' AND trace.text LIKE '%Na%'", [spans]],
        ["feedback.good = 'true'", ['one']],
        ['feedback.score > 0.5', ['two']],
        ['feedback.score <= 0.75', ['one', 'two']],
        ["feedback.label = 'so so'", ['two']],
        ["feedback.label LIKE 'so%'", ['two']],
        ["expectation.label = 'fine'", ['two']],
        ["feedback.label != 'fine'", ['two']],
        ['expectation.label IS NULL', ['one', 'three', spans]],
        ['feedback.score IS NOT NULL', ['one', 'two']],
        ['', all],
      ] as const)
        expect([filter, (await search(filter)).sort()]).toEqual([filter, [...expected].sort()])

      for (const filter of [
        'nonsense',
        'colour = 1',
        "status > 'OK'",
        'tags.env',
        "span.colour = 'x'",
        "span.attributes. = 'x'",
        "trace.text = 'x'",
        'metrics.x > 1',
        "timestamp = 'late'",
        "feedback.score > 'high'",
        "prompt = 'x'",
        "name = 'unclosed",
      ]) {
        const { status, body } = await v3('POST', '/search', {
          locations: [{ mlflow_experiment: { experiment_id: experiment } }],
          filter,
        })
        expect([filter, status, body.error_code]).toEqual([filter, 400, 'INVALID_PARAMETER_VALUE'])
      }

      expect(await search(undefined, { order_by: ['timestamp ASC'] })).toEqual(all)
      expect(await search()).toEqual([...all].reverse())
      expect(await search(undefined, { order_by: ['execution_time DESC'] })).toEqual([spans, 'two', 'one', 'three'])
      expect(await search(undefined, { order_by: ['tags.env', 'timestamp'] })).toEqual(['one', 'two', 'three', spans])
      refused(await v3('POST', '/search', { locations: [], order_by: [] }))
      for (const wrong of [
        { order_by: ['nothing'] },
        { order_by: ['name', 'name'] },
        { max_results: 501 },
        { max_results: 0 },
        { page_token: '?' },
      ])
        refused(
          await v3('POST', '/search', { locations: [{ mlflow_experiment: { experiment_id: experiment } }], ...wrong }),
        )

      const correlated = await v3('POST', '/calculate-filter-correlation', {
        experiment_ids: [experiment],
        filter_string1: "tags.env = 'prod'",
        filter_string2: "feedback.good = 'true'",
      })
      expect(correlated.body).toMatchObject({
        npmi: 1,
        filter1_count: 1,
        filter2_count: 1,
        joint_count: 1,
        total_count: 4,
      })
      const never = await v3('POST', '/calculate-filter-correlation', {
        experiment_ids: [experiment],
        filter_string1: "tags.env = 'none'",
        filter_string2: "status = 'OK'",
      })
      expect(never.body.npmi).toBe('NaN')
    })

    it('adds up what spans used, and lets a judgement of a session hold for its traces', async () => {
      await fresh()
      const usage = (total: number) =>
        attribute('mlflow.chat.tokenUsage', {
          kvlistValue: { values: [attribute('total_tokens', { intValue: total })] },
        })
      const id = `tr-${hex('a', 32)}`
      const info = async () => (await v3('GET', `/${id}`)).body.trace.trace_info
      await otlp(batch([span('a', '3', { parentSpanId: hex('2', 16), attributes: [usage(4)] })]))
      expect((await info()).trace_metadata).toBeUndefined()
      await otlp(
        batch([
          span('a', '1', { attributes: [text('session.id', 'talk')] }),
          span('a', '2', { parentSpanId: hex('1', 16), attributes: [usage(10)] }),
          span('a', '4', { parentSpanId: hex('1', 16), attributes: [usage(5)] }),
        ]),
      )
      expect((await info()).trace_metadata).toEqual({
        'mlflow.trace.session': 'talk',
        'mlflow.trace.tokenUsage': '{"total_tokens":15}',
      })
      await begin('next', { trace_metadata: { 'mlflow.trace.session': 'talk' } })
      await begin('other', { trace_metadata: { 'mlflow.trace.session': 'else' } })
      await begin('none')
      const judge = (trace: string, name: string, metadata?: Body) =>
        v3('POST', `/${trace}/assessments`, {
          assessment: { assessment_name: name, source: { source_type: 'HUMAN' }, feedback: { value: true }, metadata },
        })
      await judge('next', 'polite', { 'mlflow.trace.session': 'talk' })
      await judge('next', 'short')
      expect((await search("metadata.`mlflow.trace.session` = 'talk'")).sort()).toEqual(['next', id])
      expect((await search("feedback.polite = 'true'")).sort()).toEqual(['next', id])
      expect(await search("feedback.short = 'true'")).toEqual(['next'])
      expect((await search('feedback.polite IS NULL')).sort()).toEqual(['none', 'other'])
      expect((await search('feedback.polite IS NOT NULL')).sort()).toEqual(['next', id])
    })

    it('adds up traces, spans and judgements into figures', async () => {
      await fresh()
      for (let i = 0; i < 4; i++)
        await begin(`tr-${i}`, {
          request_time: new Date(60_000 * i).toISOString(),
          execution_duration: `${(i + 1) / 10}s`,
          state: i === 3 ? 'ERROR' : 'OK',
          tags: { 'mlflow.traceName': i < 2 ? 'a' : 'b', kind: 'x' },
          trace_metadata: {
            'mlflow.trace.session': i < 3 ? 's1' : 's2',
            'mlflow.trace.tokenUsage': i === 0 ? 'broken' : `{"input_tokens": ${i}, "total_tokens": ${10 * i}}`,
          },
        })
      const metrics = async (body: Body) =>
        (await v3('POST', '/metrics', { experiment_ids: [experiment], view_type: 'TRACES', ...body })).body
          .data_points ?? []
      const count = [{ aggregation_type: 'COUNT' }]
      const values = (points: Body[]) =>
        points.map((point) => [...Object.values(point.dimensions), ...Object.values(point.values)])
      expect(values(await metrics({ metric_name: 'trace_count', aggregations: count }))).toEqual([[4]])
      expect(values(await metrics({ metric_name: 'session_count', aggregations: count }))).toEqual([[2]])
      expect(
        values(
          await metrics({
            metric_name: 'trace_count',
            aggregations: count,
            dimensions: ['trace_name', 'trace_status'],
          }),
        ),
      ).toEqual([
        ['a', 'OK', 2],
        ['b', 'ERROR', 1],
        ['b', 'OK', 1],
      ])
      expect(
        await metrics({
          metric_name: 'latency',
          aggregations: [
            { aggregation_type: 'AVG' },
            { aggregation_type: 'MAX' },
            { aggregation_type: 'PERCENTILE', percentile_value: 50 },
            { aggregation_type: 4, percentile_value: 99.5 },
          ],
        }),
      ).toEqual([
        {
          metric_name: 'latency',
          dimensions: {},
          values: { AVG: 250, MAX: 400, 'P50.0': 250, 'P99.5': expect.closeTo(398.5, 6) },
        },
      ])
      expect(
        values(
          await metrics({
            metric_name: 'total_tokens',
            aggregations: [{ aggregation_type: 'SUM' }],
            dimensions: ['trace_name'],
          }),
        ),
      ).toEqual([
        ['a', 10],
        ['b', 50],
      ])
      expect(
        values(
          await metrics({
            metric_name: 'trace_count',
            aggregations: count,
            time_interval_seconds: 120,
            start_time_ms: 0,
            end_time_ms: 150_000,
            filters: ["trace.tag.kind = 'x'", "trace.metadata.`mlflow.trace.session` = 's1'"],
          }),
        ),
      ).toEqual([
        ['1970-01-01T00:00:00+00:00', 2],
        ['1970-01-01T00:02:00+00:00', 1],
      ])

      const cost = (total: number) =>
        attribute('mlflow.llm.cost', { kvlistValue: { values: [attribute('total_cost', { doubleValue: total })] } })
      await otlp(
        batch([
          span('a', '1', { attributes: [text('mlflow.spanType', 'AGENT')] }),
          span('a', '2', {
            parentSpanId: hex('1', 16),
            endTimeUnixNano: String(start + 3_000_000n),
            attributes: [cost(0.25), text('mlflow.llm.model', 'm')],
          }),
          span('a', '3', {
            parentSpanId: hex('1', 16),
            endTimeUnixNano: '0',
            attributes: [cost(1), text('gen_ai.request.model', 'm')],
          }),
        ]),
      )
      const spans = (body: Body) => metrics({ view_type: 'SPANS', ...body })
      expect(
        values(
          await spans({
            metric_name: 'total_cost',
            aggregations: [{ aggregation_type: 'SUM' }],
            dimensions: ['span_model_name'],
          }),
        ),
      ).toEqual([['m', 1.25]])
      expect(
        values(
          await spans({
            metric_name: 'latency',
            aggregations: [{ aggregation_type: 'MIN' }],
            dimensions: ['span_name'],
          }),
        ),
      ).toEqual([
        ['span 1', 1000],
        ['span 2', expect.closeTo(3, 2)],
      ])
      expect(
        values(await spans({ metric_name: 'span_count', aggregations: count, filters: ["span.type = 'AGENT'"] })),
      ).toEqual([[1]])
      for (const [trace, value] of [
        ['tr-1', 1],
        ['tr-2', 0.5],
      ] as const)
        await v3('POST', `/${trace}/assessments`, {
          assessment: { assessment_name: 'score', source: { source_type: 'CODE' }, feedback: { value } },
        })
      expect(
        values(
          await metrics({
            view_type: 'ASSESSMENTS',
            metric_name: 'assessment_value',
            aggregations: [{ aggregation_type: 'AVG' }],
            dimensions: ['assessment_name'],
            filters: ["assessment.type = 'feedback'", "trace.status = 'OK'"],
          }),
        ),
      ).toEqual([['score', 0.75]])

      for (const wrong of [
        { metric_name: 'colour', aggregations: count },
        { metric_name: 'constructor', aggregations: count },
        { metric_name: 'trace_count', aggregations: [{ aggregation_type: 'SUM' }] },
        { metric_name: 'trace_count', aggregations: [] },
        { metric_name: 'trace_count', aggregations: count, dimensions: ['span_name'] },
        { metric_name: 'trace_count', aggregations: count, filters: ["span.name = 'x'"] },
        { metric_name: 'trace_count', aggregations: count, filters: ["trace.status != 'OK'"] },
        { metric_name: 'trace_count', aggregations: count, time_interval_seconds: 60 },
        { metric_name: 'trace_count', aggregations: count, max_results: -1 },
        { metric_name: 'latency', aggregations: [{ aggregation_type: 'PERCENTILE', percentile_value: 101 }] },
        { view_type: 'COLOURS', metric_name: 'trace_count', aggregations: count },
      ])
        refused(await v3('POST', '/metrics', { experiment_ids: [experiment], view_type: 'TRACES', ...wrong }))
    })

    it('gives pages that stay as they are while traces are added', async () => {
      await fresh()
      for (let i = 0; i < 5; i++) await begin(`tr-${i}`, { request_time: new Date(1000 * i).toISOString() })
      const page = (token?: string) =>
        v3('POST', '/search', {
          locations: [{ mlflow_experiment: { experiment_id: experiment } }],
          max_results: 2,
          ...(token ? { page_token: token } : {}),
        })
      const first = await page()
      await begin('newer', { request_time: new Date(9000).toISOString() })
      const next = await page(first.body.next_page_token)
      const last = await page(next.body.next_page_token)
      expect([first, next, last].map(({ body }) => body.traces.map((trace: Body) => trace.trace_id))).toEqual([
        ['tr-4', 'tr-3'],
        ['tr-2', 'tr-1'],
        ['tr-0'],
      ])
      expect(last.body).not.toHaveProperty('next_page_token')
    })

    it('keeps feedback, expectations and errors; an override can be taken back', async () => {
      await fresh()
      await begin('tr-1')
      const create = (assessment: Body) => v3('POST', '/tr-1/assessments', { assessment })
      const source = { source_type: 'LLM_JUDGE', source_id: 'judge' }
      const feedback = (
        await create({
          assessment_name: 'good',
          source,
          feedback: { value: { a: [1, 'x'] }, error: { error_code: 'E', error_message: 'm', stack_trace: 's' } },
          rationale: 'why',
          metadata: { k: 'v' },
          span_id: 'abc',
          create_time: '2026-01-01T00:00:00.5Z',
        })
      ).body.assessment
      expect(feedback).toMatchObject({
        assessment_id: expect.stringMatching(/^a-[0-9a-f]{32}$/),
        trace_id: 'tr-1',
        source,
        feedback: { value: { a: [1, 'x'] }, error: { error_code: 'E', error_message: 'm', stack_trace: 's' } },
        rationale: 'why',
        metadata: { k: 'v' },
        span_id: 'abc',
        create_time: '2026-01-01T00:00:00.500Z',
        valid: true,
      })
      const expectation = (
        await create({
          assessment_name: 'facts',
          source: { source_type: 'HUMAN' },
          expectation: { serialized_value: { serialization_format: 'JSON_FORMAT', value: '[1, 2]' } },
        })
      ).body.assessment
      expect(expectation.expectation).toEqual({
        serialized_value: { serialization_format: 'JSON_FORMAT', value: '[1,2]' },
      })

      const at = `/tr-1/assessments/${feedback.assessment_id}`
      const better = (
        await create({ assessment_name: 'good', source, feedback: { value: false }, overrides: feedback.assessment_id })
      ).body.assessment
      expect((await v3('GET', at)).body.assessment.valid).toBe(false)
      await v3('DELETE', `/tr-1/assessments/${better.assessment_id}`)
      expect((await v3('GET', at)).body.assessment.valid).toBe(true)
      expect((await v3('DELETE', `/tr-1/assessments/${better.assessment_id}`)).status).toBe(200)

      const updated = await v3('PATCH', at, {
        assessment: { feedback: { value: 0.5 }, metadata: { more: '1' }, rationale: 'ignored' },
        update_mask: 'feedback,metadata',
      })
      expect(updated.body.assessment).toMatchObject({
        feedback: { value: 0.5 },
        rationale: 'why',
        metadata: { k: 'v', more: '1' },
        source,
      })
      expect(updated.body.assessment.feedback).not.toHaveProperty('error')
      expect((await v3('GET', '/tr-1')).body.trace.trace_info.assessments).toHaveLength(2)

      refused(await v3('PATCH', at, { assessment: { expectation: { value: 1 } }, update_mask: 'expectation' }))
      refused(await v3('PATCH', at, { assessment: {} }))
      refused(await create({ assessment_name: 'x', source }))
      refused(await create({ assessment_name: '', source, feedback: { value: 1 } }))
      refused(await create({ assessment_name: 'x', source: { source_type: 'GOD' }, feedback: { value: 1 } }))
      refused(
        await create({ assessment_name: 'x', source, feedback: { value: 1 }, overrides: 'a-none' }),
        'RESOURCE_DOES_NOT_EXIST',
        404,
      )
      refused(await v3('GET', '/tr-1/assessments/a-none'), 'RESOURCE_DOES_NOT_EXIST', 404)
      refused(
        await v3('POST', '/tr-none/assessments', {
          assessment: { assessment_name: 'x', source, feedback: { value: 1 } },
        }),
        'RESOURCE_DOES_NOT_EXIST',
        404,
      )
    })

    it('links traces to runs and to prompts', async () => {
      await fresh()
      const run = (await send('POST', '/api/2.0/mlflow/runs/create', { experiment_id: experiment })).body.run.info
        .run_id
      await begin('tr-1')
      await begin('tr-2')
      const link = (body: Body) => send('POST', '/api/2.0/mlflow/traces/link-to-run', body)
      expect((await link({ trace_ids: ['tr-1', 'tr-none'], run_id: run })).status).toBe(200)
      expect((await link({ trace_ids: ['tr-1'], run_id: run })).status).toBe(200)
      expect(await search(`run_id = '${run}'`)).toEqual(['tr-1'])
      await otlp(batch([span('a', '1')]), { 'x-mlflow-run-id': run })
      expect((await search(`run_id = '${run}'`)).sort()).toEqual(['tr-1', `tr-${hex('a', 32)}`])
      expect((await otlp(batch([span('b', '1')]), { 'x-mlflow-run-id': 'none' })).status).toBe(404)
      expect(await search(`request_id = 'tr-${hex('b', 32)}'`)).toEqual([])
      refused(await link({ trace_ids: Array.from({ length: 101 }, (_, i) => `t${i}`), run_id: run }))
      refused(await link({ trace_ids: ['tr-1'], run_id: 'none' }), 'RESOURCE_DOES_NOT_EXIST', 404)
      await send('POST', '/api/2.0/mlflow/traces/link-prompts', {
        trace_id: 'tr-2',
        prompt_versions: [{ name: 'greet', version: '3' }],
      })
      expect(await search("prompt = 'greet/3'")).toEqual(['tr-2'])
    })

    it('deletes by id and the oldest, with all that belongs to them', async () => {
      await fresh()
      for (let i = 0; i < 4; i++)
        await begin(`tr-${i}`, { request_time: new Date(1000 * i).toISOString(), tags: { a: 'b' } })
      const remove = (body: Body) => v3('POST', '/delete-traces', { experiment_id: experiment, ...body })
      expect((await remove({ request_ids: ['tr-3', 'none'] })).body.traces_deleted).toBe(1)
      expect((await remove({ max_timestamp_millis: 2000, max_traces: 1 })).body.traces_deleted).toBe(1)
      expect(await search(undefined, { order_by: ['timestamp'] })).toEqual(['tr-1', 'tr-2'])
      expect((await remove({ max_timestamp_millis: 1500 })).body.traces_deleted).toBe(1)
      refused(await remove({}))
      refused(await remove({ request_ids: ['tr-2'], max_timestamp_millis: 1 }))
      refused(await remove({ request_ids: ['tr-2'], max_traces: 1 }))
      refused(await remove({ max_timestamp_millis: 1, max_traces: 0 }))
      const left = await server.store.read
        .selectFrom('trace_tags')
        .innerJoin('traces', 'number', 'trace')
        .select('traces.id')
        .where('key', '=', 'a')
        .where('project', '=', base.split('/').at(-1)!)
        .execute()
      expect(left.map(({ id }) => id)).toEqual(['tr-2'])
      const events = await server.journal.read({ types: ['traces.deleted'], project: base.split('/').at(-1)! })
      expect(events.map((event) => (event.data as Body).traces)).toEqual([1, 1, 1])
    })

    it('answers clients before MLflow 3', async () => {
      await fresh()
      const v2 = (method: string, path: string, body?: unknown) => send(method, `/api/2.0/mlflow/traces${path}`, body)
      const started = await v2('POST', '', {
        experiment_id: experiment,
        timestamp_ms: 5000,
        request_metadata: [{ key: 'm', value: '1' }],
        tags: [{ key: 't', value: '2' }],
      })
      const id = started.body.trace_info.request_id
      expect(started.body.trace_info).toMatchObject({
        experiment_id: experiment,
        timestamp_ms: 5000,
        status: 'IN_PROGRESS',
      })
      const ended = await v2('PATCH', `/${id}`, { timestamp_ms: 5250, status: 'OK', tags: [{ key: 'u', value: '3' }] })
      expect(ended.body.trace_info).toMatchObject({ execution_time_ms: 250, status: 'OK' })
      expect((await v2('GET', `/${id}/info`)).body.trace_info.tags).toContainEqual({ key: 'u', value: '3' })
      const found = await v2('GET', `?experiment_ids=${experiment}&filter=${encodeURIComponent("tags.t = '2'")}`)
      expect(found.body.traces.map((trace: Body) => trace.request_id)).toEqual([id])
    })

    it("lists and shows traces over Kedge's own API, also those whose spans are a file", async () => {
      await fresh()
      const kedge = async (path: string) => {
        const answer = await fetch(`${server.address}/api/v1/projects/${base.split('/').at(-1)}/traces${path}`)
        return { status: answer.status, body: (await answer.json()) as Body }
      }
      await otlp(
        batch([
          span('a', '1', {
            name: 'root',
            attributes: [
              attribute('mlflow.spanInputs', { kvlistValue: { values: [text('q', 'x')] } }),
              text('mlflow.spanType', 'AGENT'),
              attribute('n', { doubleValue: 2 }),
            ],
            events: [{ timeUnixNano: String(start + 1500n), name: 'e' }],
          }),
          span('a', '2', {
            parentSpanId: hex('1', 16),
            startTimeUnixNano: String(start + 2500n),
            endTimeUnixNano: '0',
          }),
        ]),
      )
      const id = `tr-${hex('a', 32)}`
      await v3('POST', `/${id}/assessments`, {
        assessment: { assessment_name: 'ok', source: { source_type: 'CODE' }, feedback: { value: true } },
      })
      await begin('filed')
      await fetch(`${base}/api/2.0/mlflow-artifacts/artifacts/${experiment}/traces/filed/artifacts/traces.json`, {
        method: 'PUT',
        body: JSON.stringify({
          spans: [
            {
              trace_id: Buffer.from(hex('b', 32), 'hex').toString('base64'),
              span_id: Buffer.from(hex('3', 16), 'hex').toString('base64'),
              parent_span_id: null,
              name: 'from a file',
              start_time_unix_nano: '1000',
              end_time_unix_nano: '3000',
              status: { code: 'STATUS_CODE_OK', message: '' },
              attributes: { 'mlflow.spanInputs': '{"a": 1}', 'mlflow.spanType': '"TOOL"' },
              events: [],
            },
          ],
        }),
      })
      const listed = await kedge(`?filter=${encodeURIComponent("span.type = 'AGENT'")}`)
      expect(listed.body).toMatchObject({
        total: 1,
        items: [{ id, name: 'root', state: 'OK', request: '{"q":"x"}', assessments: [{ name: 'ok', value: true }] }],
      })
      expect((await kedge('?limit=1&order=timestamp')).body).toMatchObject({ total: 2, items: [{}] })
      expect((await kedge(`/${id}`)).body.spans).toMatchObject([
        {
          id: hex('1', 16),
          type: 'AGENT',
          offset: 0,
          duration: 1_000_000,
          inputs: { q: 'x' },
          attributes: { n: 2 },
          events: [{ name: 'e', offset: 1.5 }],
        },
        { parent: hex('1', 16), offset: 2.5, duration: null, end: null },
      ])
      expect((await kedge('/filed')).body.spans).toMatchObject([
        { name: 'from a file', type: 'TOOL', duration: 2, inputs: { a: 1 } },
      ])
      const file = await send('GET', '/ajax-api/2.0/mlflow/get-trace-artifact?request_id=filed')
      expect(file.body.spans).toMatchObject([{ name: 'from a file', attributes: { 'mlflow.spanInputs': '{"a":1}' } }])
      expect((await kedge('/none')).status).toBe(404)
      expect((await kedge('?filter=what')).status).toBe(400)
    })

    it('keeps projects apart', async () => {
      await fresh()
      await begin('tr-1')
      await fresh()
      refused(await v3('GET', '/tr-1'), 'RESOURCE_DOES_NOT_EXIST', 404)
      expect((await begin('tr-1', { state: 'ERROR' })).status).toBe(200)
      base = `${server.address}/mlflow/p${experiments - 1}`
      expect((await v3('GET', '/tr-1')).body.trace.trace_info.state).toBe('OK')
    })
  })
}

/** OpenTelemetry's JSON as protobufjs wants it: ids in bytes, base64 in bytes. */
function inBytes(value: unknown, key = ''): Body {
  if (Array.isArray(value)) return value.map((item) => inBytes(item)) as unknown as Body
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inBytes(item, name)]))
  if (/^(traceId|spanId|parentSpanId)$/.test(key)) return Buffer.from(value as string, 'hex') as unknown as Body
  if (key === 'bytesValue') return Buffer.from(value as string, 'base64') as unknown as Body
  if (key === 'doubleValue') return Number(value) as unknown as Body
  return value as Body
}
