import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { endpointSpec } from '../../../../../src/serving/endpoint-spec.ts'
import { durationText, endpointDeclaration, endpointYaml, type Spec } from './endpoint-yaml.ts'

const read = (yaml: string) => endpointSpec.parse(parse(yaml).endpoints.delay)

test('an endpoint with nothing of its own needs its model alone', () => {
  expect(endpointDeclaration(endpointSpec.parse({ model: 'delay' }) as Spec)).toEqual({ model: 'delay' })
})

test.each([
  { limits: { rate: '100/s', concurrency: 4, queue: 20, wait: '1s', timeout: 1500 } },
  { limits: { rate: { count: 3, per: 5000 } } },
  { record: { share: '10%', whenFull: 'refuse', personal: ['name'] } },
  { record: { personal: { name: 'hash', phone: 'drop' } } },
  { release: { shadow: false, canary: ['10%', '50%'], samples: 20, duration: '1h', patience: '2d' } },
  { release: { analyse: ['errors', { kind: 'latency', ratio: 2 }] } },
  { automatic: false, keepShadow: true, threshold: 0.3 },
  { inputs: { unknownCategories: 'reject', ranges: 'flag' } },
  { features: { from: 'airports', key: 'origin', columns: ['runways'] } },
])('what it writes is read as the same settings: %j', (own) => {
  const spec = endpointSpec.parse({ model: 'delay', ...own })
  expect(read(endpointYaml('delay', spec as Spec))).toEqual(spec)
})

test.each([
  [0, '0s'],
  [1500, '1500ms'],
  [30_000, '30s'],
  [14 * 86_400_000, '14d'],
])('%d ms is %s', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text))
