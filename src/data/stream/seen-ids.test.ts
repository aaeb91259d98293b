import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSeenIds } from './seen-ids.ts'

describe('seen ids', () => {
  it('knows the last `window` ids, and says of none that it is new twice within it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 300 }),
        (window, ids) => {
          const seen = createSeenIds(window)
          const landed: number[] = []
          for (const id of ids) {
            const isNew = seen.add(`id-${id}`)
            if (landed.slice(-window).includes(id)) expect(isNew).toBe(false)
            if (!landed.includes(id)) expect(isNew).toBe(true)
            if (isNew) landed.push(id)
          }
        },
      ),
    )
  })

  it('takes no new id for a known one, among many that are alike', () => {
    const seen = createSeenIds(400_000)
    for (let i = 0; i < 400_000; i++) if (!seen.add(`device-${i}`)) expect.fail(`device-${i} was taken for another`)
    for (let i = 0; i < 400_000; i += 997) expect(seen.add(`device-${i}`)).toBe(false)
  })
})
