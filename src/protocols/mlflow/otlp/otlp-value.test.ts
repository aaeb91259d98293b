import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  plainValue,
  type SpanValue,
  spanValue,
  type TypedValue,
  typedValue,
} from '../../../tracking/traces/span-value.ts'
import { exportTraceRequest } from './otlp-proto.ts'
import { camelCase, type Message, readValue, writeValue } from './otlp-value.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '@', '__proto__', '0', '["@","AA=="]', '\u0000', '\ud800'),
)
const { value: anyTyped } = fc.letrec<{ value: TypedValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant<TypedValue>({ kind: 'empty' }),
    text.map((value): TypedValue => ({ kind: 'text', value })),
    fc.boolean().map((value): TypedValue => ({ kind: 'truth', value })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): TypedValue => ({ kind: 'int', value })),
    fc.double().map((value): TypedValue => ({ kind: 'double', value })),
    fc.uint8Array().map((value): TypedValue => ({ kind: 'bytes', value: Buffer.from(value) })),
    fc.array(tie('value')).map((value): TypedValue => ({ kind: 'list', value })),
    fc.array(fc.tuple(text, tie('value'))).map((value): TypedValue => ({ kind: 'map', value })),
  ),
}))
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

it('stores every value with its type, as JSON', () => {
  fc.assert(
    fc.property(anyTyped, (typed) => {
      const stored = throughJson(spanValue(typed))
      expect(JSON.stringify(stored)).not.toContain('\\u0000')
      expect(typedValue(stored)).toEqual(typed)
    }),
  )
})

it("reads what it writes as OpenTelemetry's JSON", () => {
  fc.assert(
    fc.property(anyTyped, (typed) => {
      const stored = spanValue(wellFormed(typed))
      expect(readValue(throughJson(writeValue(stored, camelCase)))).toEqual(stored)
    }),
  )
})

it('reads the same from protobuf as from JSON', () => {
  fc.assert(
    fc.property(anyTyped, (typed) => {
      const stored = spanValue(wellFormed(typed))
      const request = (value: Message) => ({ resourceSpans: [{ resource: { attributes: [{ key: 'k', value }] } }] })
      const decoded = exportTraceRequest.decode(
        exportTraceRequest.encode(exportTraceRequest.fromObject(request(writeValue(stored, camelCase)))).finish(),
      ) as unknown as ReturnType<typeof request>
      expect(readValue(decoded.resourceSpans[0]!.resource.attributes[0]!.value)).toEqual(stored)
    }),
  )
})

it('shows values plainly', () => {
  const stored: SpanValue = {
    a: [1, 0.5, { '@': 'double', value: '2' }, { '@': 'double', value: 'NaN' }],
    b: {
      '@': 'map',
      value: [
        ['0', 'x'],
        ['0', { '@': 'int', value: '9223372036854775807' }],
      ],
    },
  }
  expect(plainValue(stored)).toEqual({ a: [1, 0.5, 2, 'NaN'], b: { '0': '9223372036854775807' } })
})

/** Lone surrogates have no UTF-8. */
function wellFormed(typed: TypedValue): TypedValue {
  if (typed.kind === 'text') return { kind: 'text', value: typed.value.toWellFormed() }
  if (typed.kind === 'list') return { kind: 'list', value: typed.value.map(wellFormed) }
  if (typed.kind === 'map')
    return { kind: 'map', value: typed.value.map(([key, value]) => [key.toWellFormed(), wellFormed(value)]) }
  return typed
}
