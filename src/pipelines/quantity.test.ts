import { describe, expect, it } from 'vitest'
import { byteSize, duration, offset } from './quantity.ts'

describe('quantities', () => {
  it.each([
    ['300ms', 300],
    ['20m', 1_200_000],
    ['2w', 1_209_600_000],
    [5, 5],
  ])('reads the duration %s', (text, value) => expect(duration.parse(text)).toBe(value))
  it.each([
    ['-35d', -35 * 86_400_000],
    ['0d', 0],
    ['6h', 21_600_000],
  ])('reads the offset %s', (text, value) => expect(offset.parse(text)).toBe(value))
  it.each([
    ['2GiB', 2 ** 31],
    ['1.5MiB', 1.5 * 2 ** 20],
    ['10KB', 10_000],
    [512, 512],
  ])('reads the size %s', (text, value) => expect(byteSize.parse(text)).toBe(value))
  it('refuses others', () => {
    for (const text of ['', '5', '-5d', '5 m', '5y']) expect(duration.safeParse(text).success).toBe(false)
    for (const text of ['2', '2gb', '-1MiB', '0']) expect(byteSize.safeParse(text).success).toBe(false)
  })
  it('leaves what it has read as it is', () => {
    expect(duration.parse(duration.parse('7d'))).toBe(7 * 86_400_000)
    expect(byteSize.parse(byteSize.parse('3GiB'))).toBe(3 * 2 ** 30)
  })
})
