import { expect, test } from 'vitest'
import { noCounters } from '../revision-counters.ts'
import { createCpuShares } from './share-cpu.ts'

test('divides processor time by how long models worked, and gives none of the time of others', () => {
  let cpu = 1000
  const share = createCpuShares(() => cpu)
  const [a, b] = [noCounters(), noCounters()]
  a.live.busy = 30
  b.live.busy = 5
  b.shadow.busy = 5
  cpu = 1100
  share([a, b], 60)
  expect([a.cpu, b.cpu]).toEqual([30, 10])
  cpu = 1200
  share([a, b], 60)
  expect([a.cpu, b.cpu]).toEqual([30, 10])
  a.live.busy = 31
  cpu = 1300
  share([a, b], 60)
  expect([a.cpu, b.cpu]).toEqual([130, 10])
})
