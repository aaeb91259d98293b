import { expect, test } from 'vitest'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { shareOutAlarms, WEIGHTS, weightOf, windowsPromised } from '../../src/monitoring/alarm-budget.ts'
import { monitorSettings, windowOf } from '../../src/monitoring/monitor-settings.ts'

test('the parts of all families and windows together are no more than the promise', () => {
  expect(monitors.reduce((sum, kind) => sum + weightOf(kind), 0)).toBeLessThanOrEqual(WEIGHTS)
  for (const window of ['7d', '1d', '6h', 'week', 'month', '5000rows']) {
    const settings = monitorSettings.parse({ window, false_alarms: 0.1 })
    const { alpha } = shareOutAlarms(settings, monitors)
    const together = Object.values(alpha).reduce((a, b) => a + b, 0) * windowsPromised(windowOf(settings))
    expect(together, window).toBeLessThanOrEqual(0.1 + 1e-12)
  }
})

test('a family keeps its own alpha where its part is larger, and the one that the settings give it', () => {
  const { alpha } = shareOutAlarms(
    monitorSettings.parse({ window: 'month', false_alarms: 1, alpha: { drift: 0.2 } }),
    monitors,
  )
  expect(alpha.drift).toBe(0.2)
  for (const kind of monitors) if (kind.family !== 'drift') expect(alpha[kind.family]).toBeLessThanOrEqual(kind.alpha)
  expect(alpha.quality).toBe(monitors.find(({ family }) => family === 'quality')!.alpha)
})

test('windows count once where they stand apart, and twice a length where they slide', () => {
  const count = (window: string) => windowsPromised(windowOf(monitorSettings.parse({ window })))
  expect(['1d', '12h', '7d', 'week', 'month'].map(count)).toEqual([30, 60, 60 / 7, 30 / 7, 1])
})
