import protobuf from 'protobufjs'
import { z } from 'zod'
import { definePayload, type PayloadRow } from '../../contracts/payload.ts'

/** Eclipse Sparkplug 3.0, section 6.4: the parts of the payload that carry values. */
const schema = `syntax = "proto2";
message Template { optional string version = 1; repeated Metric metrics = 2; optional string template_ref = 4; optional bool is_definition = 5; }
message DataSetValue { oneof value { uint32 int_value = 1; uint64 long_value = 2; float float_value = 3; double double_value = 4; bool boolean_value = 5; string string_value = 6; } }
message DataSetRow { repeated DataSetValue elements = 1; }
message DataSet { optional uint64 num_of_columns = 1; repeated string columns = 2; repeated uint32 types = 3; repeated DataSetRow rows = 4; }
message Metric {
  optional string name = 1; optional uint64 alias = 2; optional uint64 timestamp = 3; optional uint32 datatype = 4;
  optional bool is_historical = 5; optional bool is_transient = 6; optional bool is_null = 7;
  oneof value {
    uint32 int_value = 10; uint64 long_value = 11; float float_value = 12; double double_value = 13; bool boolean_value = 14;
    string string_value = 15; bytes bytes_value = 16; DataSet dataset_value = 17; Template template_value = 18;
  }
}
message Payload { optional uint64 timestamp = 1; repeated Metric metrics = 2; optional uint64 seq = 3; optional string uuid = 4; optional bytes body = 5; }`

const values = [
  'int_value', 'long_value', 'float_value', 'double_value', 'boolean_value', 'string_value', 'bytes_value', 'dataset_value', 'template_value',
] as const // biome-ignore format: a list

interface Metric {
  name?: string
  alias?: string
  timestamp?: string
  datatype?: number
  is_historical?: boolean
  is_null?: boolean
  [value: string]: unknown
}

interface Known {
  name: string
  datatype: number | undefined
}

/** Bits of the signed types, which travel as unsigned numbers: Int8 Int16 Int32 Int64. */
const signedBits: Record<number, number> = { 1: 8, 2: 16, 3: 32, 4: 64 }
/** More names than a device has; an edge node that gives more is wrong. */
const mostNames = 200_000

function metricValue(metric: Metric, datatype: number | undefined): unknown {
  if (metric.is_null) return null
  const field = values.find((name) => metric[name] !== undefined)
  if (!field) return null
  const value = metric[field]
  const bits = datatype === undefined ? undefined : signedBits[datatype]
  if (bits !== undefined && (field === 'int_value' || field === 'long_value')) {
    const signed = BigInt.asIntN(bits, BigInt(value as string | number))
    return bits === 64 ? signed : Number(signed)
  }
  return value
}

export default definePayload({
  format: 'sparkplug-b',
  title: 'Sparkplug B: a row for each metric, with names from the births of edge nodes and devices',
  config: z.strictObject({ format: z.literal('sparkplug-b') }).meta({ id: 'SparkplugBPayload' }),
  open(_config, memory) {
    const type = protobuf.parse(schema, { keepCase: true }).root.lookupType('Payload')
    const names = new Map<string, Known>((memory as [string, Known][] | undefined) ?? [])
    return {
      decode({ payload, topic }) {
        const [namespace, group, kind, edge, device] = topic.split('/')
        if (namespace !== 'spBv1.0' || !group || !kind || !edge)
          throw new Error('its topic is not spBv1.0/group/type/edge node')
        let decoded: { timestamp?: string; seq?: string; metrics?: Metric[] }
        try {
          decoded = type.toObject(type.decode(payload), { longs: String, defaults: false })
        } catch (error) {
          throw new Error(`is no Sparkplug B payload: ${(error as Error).message.slice(0, 160)}`)
        }
        const node = `${group}/${edge}`
        const isBirth = kind === 'NBIRTH' || kind === 'DBIRTH'
        // aliases are unique within an edge node, and its birth begins them anew
        if (kind === 'NBIRTH') for (const key of names.keys()) if (key.startsWith(`${node}/`)) names.delete(key)
        const where = { group, edge, device: device ?? null, type: kind }
        const rows = (decoded.metrics ?? []).map((metric): PayloadRow => {
          const key = `${node}/${metric.alias}`
          if (isBirth && metric.name !== undefined && metric.alias !== undefined && names.size < mostNames)
            names.set(key, { name: metric.name, datatype: metric.datatype })
          const known = metric.alias === undefined ? undefined : names.get(key)
          const name = metric.name ?? known?.name
          if (name === undefined)
            throw new Error(`its metric ${metric.alias ?? 'without a name'} was not named by a birth of ${node}`)
          const datatype = metric.datatype ?? known?.datatype
          return {
            ...where,
            metric: name,
            value: metricValue(metric, datatype),
            datatype: datatype ?? null,
            timestamp: metric.timestamp ?? decoded.timestamp ?? null,
            historical: metric.is_historical ?? false,
            seq: decoded.seq ?? null,
          }
        })
        // a death says something although it may carry no metric
        return rows.length > 0 ? rows : [{ ...where, metric: null, timestamp: decoded.timestamp ?? null }]
      },
      memory: () => [...names],
    }
  },
})
