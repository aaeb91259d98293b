import { encode as msgpack } from '@msgpack/msgpack'
import avro from 'avsc'
import { encode as cbor } from 'cborg'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { payloads } from '../../src/adapters/payloads/index.generated.ts'
import type { PayloadDecoder } from '../../src/contracts/payload.ts'

const proto =
  'syntax = "proto3"; package iot; message Reading { string id = 1; double celsius = 2; int64 big = 3; repeated int32 samples = 4; enum State { OFF = 0; ON = 1; } State state = 5; }'
const reading = protobuf.parse(proto, { keepCase: true }).root.lookupType('iot.Reading')
const avroSchema = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'celsius', type: 'double' },
  ],
}
const avroType = avro.Type.forSchema(avroSchema as never)

/** For each form: its configuration, and a message that holds the id `a` and 21.5 degrees. */
const forms: Record<string, { config?: object; message: Uint8Array; topic?: string; rows?: unknown }> = {
  json: { message: Buffer.from('{"id":"a","celsius":21.5}') },
  cbor: { message: cbor({ id: 'a', celsius: 21.5 }) },
  msgpack: { message: msgpack({ id: 'a', celsius: 21.5 }) },
  protobuf: {
    config: { schema: proto, message: 'iot.Reading' },
    message: reading.encode(reading.create({ id: 'a', celsius: 21.5 })).finish(),
  },
  avro: { config: { schema: avroSchema }, message: avroType.toBuffer({ id: 'a', celsius: 21.5 }) },
  'sparkplug-b': {
    message: sparkplug([{ name: 'celsius', alias: 1, datatype: 10, double_value: 21.5 }]),
    topic: 'spBv1.0/plant/DDATA/edge/device',
    rows: [{ group: 'plant', edge: 'edge', device: 'device', metric: 'celsius', value: 21.5 }],
  },
}

function sparkplug(metrics: object[]): Uint8Array {
  const type = protobuf
    .parse(
      'syntax = "proto2"; message M { optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4; optional bool is_null = 7; optional uint32 int_value = 10; optional uint64 long_value = 11; optional double double_value = 13; optional string string_value = 15; } message P { optional uint64 timestamp = 1; repeated M metrics = 2; optional uint64 seq = 3; }',
      { keepCase: true },
    )
    .root.lookupType('P')
  return type.encode(type.fromObject({ timestamp: 5, metrics, seq: 1 })).finish()
}

const open = (format: string, memory?: unknown): PayloadDecoder => {
  const definition = payloads.find((one) => one.format === format)!
  return definition.open(definition.config.parse({ format, ...forms[format]?.config }) as never, memory)
}

describe.each(payloads.map(({ format }) => format))('every form of payloads: %s', (format) => {
  const form = forms[format]!
  it('reads what a device sends', () => {
    const rows = open(format).decode({ payload: form.message, topic: form.topic ?? 'weather' })
    expect(rows).toMatchObject(form.rows ?? [{ id: 'a', celsius: 21.5 }])
  })
  it('says in one line what is wrong with bytes that are none of its, and reads on', () => {
    const decoder = open(format)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 60 }), (noise, cut) => {
        for (const payload of [
          noise,
          form.message.subarray(0, cut),
          Buffer.concat([form.message.subarray(0, cut), noise]),
        ])
          try {
            expect(Array.isArray(decoder.decode({ payload, topic: form.topic ?? '' }))).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
            expect((error as Error).message).not.toBe('')
            expect((error as Error).constructor).not.toBe(TypeError)
          }
      }),
      { numRuns: 300 },
    )
    expect(decoder.decode({ payload: form.message, topic: form.topic ?? '' })).toHaveLength(1)
  })
})

describe('what single forms must keep', () => {
  it('whole numbers of 64 bits', () => {
    const big = 9_007_199_254_740_993n
    expect(open('json').decode({ payload: Buffer.from('{"n":9007199254740993,"x":1e300}'), topic: '' })).toEqual([
      { n: big, x: 1e300 },
    ])
    expect(open('cbor').decode({ payload: cbor({ n: big }), topic: '' })).toEqual([{ n: big }])
    expect(open('msgpack').decode({ payload: msgpack({ n: big }, { useBigInt64: true }), topic: '' })).toEqual([
      { n: big },
    ])
    const message = reading.encode(reading.fromObject({ big: String(big), state: 'ON', samples: [1, 2] })).finish()
    expect(open('protobuf').decode({ payload: message, topic: '' })).toMatchObject([
      { big: String(big), state: 'ON', samples: [1, 2] },
    ])
  })
  it('names that Sparkplug sends in births only, also in a later decoder', () => {
    const first = open('sparkplug-b')
    const birth = sparkplug([{ name: 'speed', alias: 7, datatype: 3, int_value: 1 }])
    expect(first.decode({ payload: birth, topic: 'spBv1.0/g/DBIRTH/e/d' })).toMatchObject([
      { metric: 'speed', value: 1 },
    ])
    const data = { payload: sparkplug([{ alias: 7, int_value: 0xffff_ffff }]), topic: 'spBv1.0/g/DDATA/e/d' }
    expect(first.decode(data)).toMatchObject([{ metric: 'speed', value: -1 }])
    expect(open('sparkplug-b', JSON.parse(JSON.stringify(first.memory!()))).decode(data)).toMatchObject([
      { metric: 'speed', value: -1 },
    ])
    expect(() => open('sparkplug-b').decode(data)).toThrow(/not named by a birth/)
  })
  it('lists, and bare values', () => {
    expect(open('json').decode({ payload: Buffer.from('[{"a":1},{"a":2}]'), topic: '' })).toEqual([{ a: 1 }, { a: 2 }])
    expect(open('json').decode({ payload: Buffer.from('21.5'), topic: '' })).toEqual([{ value: 21.5 }])
    expect(() => open('json').decode({ payload: Buffer.from('[1,{"a":2}]'), topic: '' })).toThrow(/item 0/)
  })
})
