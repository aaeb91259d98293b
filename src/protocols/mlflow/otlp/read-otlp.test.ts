import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KedgeError } from '../../../errors.ts'
import { exportTraceRequest } from './otlp-proto.ts'
import { readOtlp } from './read-otlp.ts'

/** Reads, or refuses in a way that a caller understands. */
function readsOrRefuses(body: Uint8Array, type: 'protobuf' | 'json') {
  try {
    readOtlp(body, type)
  } catch (error) {
    expect(error).toBeInstanceOf(KedgeError)
    expect((error as KedgeError).code).toBe('invalid_input')
  }
}
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const spans = (span: unknown) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })

it('refuses bytes that are no spans', () => {
  const valid = exportTraceRequest
    .encode(
      exportTraceRequest.fromObject(
        spans({
          traceId: Buffer.alloc(16, 1),
          spanId: Buffer.alloc(8, 1),
          name: 'x',
          attributes: [{ key: 'k', value: { kvlistValue: { values: [{ key: 'a', value: { doubleValue: 1.5 } }] } } }],
          events: [{ name: 'e', timeUnixNano: 5 }],
        }),
      ),
    )
    .finish()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readsOrRefuses(bytes, 'protobuf')
      readsOrRefuses(bytes, 'json')
    }),
  )
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Uint8Array.from(valid)
      changed[at] = byte
      readsOrRefuses(changed, 'protobuf')
      readsOrRefuses(changed.subarray(0, at), 'protobuf')
    }),
    { numRuns: 500 },
  )
})

it('refuses JSON of another form', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('a'.repeat(32), 'b'.repeat(16), '1', '-1', 1e300, 'NaN', 'SPAN_KIND_CLIENT', 'STATUS_CODE_ERROR'),
  )
  const fields = ['traceId', 'spanId', 'parentSpanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano', 'status']
  const others = ['attributes', 'events', 'links', 'flags', 'traceState', 'droppedEventsCount']
  fc.assert(
    fc.property(
      fc.record(Object.fromEntries([...fields, ...others].map((name) => [name, value])), { requiredKeys: [] }),
      (span) => {
        readsOrRefuses(json(spans({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), ...span })), 'json')
        readsOrRefuses(json(span), 'json')
      },
    ),
    { numRuns: 500 },
  )
})

it('refuses values that are nested without end', () => {
  const deep = Buffer.concat([
    Buffer.from('{"resourceSpans": '),
    Buffer.from('['.repeat(200_000) + ']'.repeat(200_000)),
    Buffer.from('}'),
  ])
  readsOrRefuses(deep, 'json')
  // an ArrayValue in an AnyValue in an ArrayValue …, each longer than what it holds
  let inner = Buffer.alloc(0)
  const field = (number: number, content: Buffer) => {
    const length: number[] = []
    for (let rest = content.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest)
      if (rest <= 127) break
    }
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content])
  }
  for (let i = 0; i < 5000; i++) inner = field(1, field(5, inner))
  const keyValue = Buffer.concat([field(1, Buffer.from('k')), field(2, inner.subarray(4))])
  readsOrRefuses(field(1, field(1, field(1, keyValue))), 'protobuf')
  expect(() => readOtlp(field(1, field(2, field(2, field(9, keyValue)))), 'protobuf')).toThrow(KedgeError)
})

it('reads enumerations by name and ids in capital letters; a parent of zeros is none', () => {
  const [item] = readOtlp(
    json(
      spans({
        traceId: 'A'.repeat(32),
        spanId: 'b'.repeat(16),
        parentSpanId: '0'.repeat(16),
        kind: 'SPAN_KIND_CLIENT',
        status: { code: 'STATUS_CODE_ERROR' },
        startTimeUnixNano: 12,
      }),
    ),
    'json',
  )
  expect(item!.span).toMatchObject({
    traceId: 'a'.repeat(32),
    parent: null,
    kind: 3,
    status: { code: 'ERROR' },
    start: '12',
    end: null,
  })
})
