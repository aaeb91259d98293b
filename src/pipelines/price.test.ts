import { expect, test } from 'vitest'
import { costOf, gpusNamed } from './price.ts'

const prices = { currency: 'EUR', cpuHour: 0.04, gpuHour: 2, gibHour: 0.005 }

test('a cost is busy processors, memory over time and GPUs over time, each by its price', () => {
  const usage = { cpuSeconds: 3600, wallSeconds: 1800, maxMemoryBytes: 4 * 2 ** 30, gpus: 0 }
  expect(costOf(usage, prices)).toBeCloseTo(0.04 + 4 * 0.5 * 0.005, 12)
  expect(costOf({ ...usage, gpus: 2 }, prices)).toBeCloseTo(0.04 + 0.01 + 2 * 0.5 * 2, 12)
  expect(costOf(usage, { ...prices, cpuHour: 0, gibHour: 0, gpuHour: 0 })).toBe(0)
})

test('GPUs are those that system metrics name, each once', () => {
  expect(gpusNamed(['loss', 'system/cpu_utilization_percentage'])).toBe(0)
  expect(gpusNamed(['system/gpu_0_memory_usage_megabytes', 'system/gpu_0_power', 'system/gpu_11_power'])).toBe(2)
})
