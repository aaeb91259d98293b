import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepOrder, waitsFor } from './step-order.ts'

const step = (needs: string[], from: string[] = []) => ({
  needs,
  inputs: Object.fromEntries(from.map((name, i) => [`i${i}`, { step: name }])),
})

describe('stepOrder', () => {
  it('puts each step after all that it waits for', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { maxLength: 12 }), (edges) => {
        // edges lead to smaller numbers only, so there is no circle
        const steps = Object.fromEntries(
          edges.map((to, i) => [`s${i}`, step(to.filter((j) => j < i).map((j) => `s${j}`))]),
        )
        const { order, circle } = stepOrder(steps)
        expect(circle).toBeUndefined()
        expect(order.toSorted()).toEqual(Object.keys(steps).toSorted())
        for (const [name, one] of Object.entries(steps))
          for (const need of waitsFor(one)) expect(order.indexOf(need)).toBeLessThan(order.indexOf(name))
      }),
    )
  })
  it('names a circle, also one through inputs', () => {
    expect(stepOrder({ a: step(['b']), b: step([], ['c']), c: step(['a']) }).circle).toEqual(['a', 'b', 'c', 'a'])
    expect(stepOrder({ a: step(['a']) }).circle).toEqual(['a', 'a'])
  })
})
