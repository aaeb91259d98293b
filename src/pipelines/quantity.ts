import { z } from 'zod'

const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const bytesOf = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const

const toMilliseconds = (text: string) => {
  const [, amount, unit] = /^(-?\d+)(\D+)$/.exec(text)!
  return Number(amount) * milliseconds[unit as keyof typeof milliseconds]
}

/** Milliseconds, or text such as `30s`, `20m`, `7d`. */
export const duration = z
  .union([z.number().int().min(0), z.string().regex(/^\d+(ms|s|m|h|d|w)$/, 'is not a duration such as 30s, 20m or 7d')])
  .transform((value) => (typeof value === 'number' ? value : toMilliseconds(value)))

/** A distance from a time, in milliseconds or as text: `-35d`, `0d`. */
export const offset = z
  .union([z.number().int(), z.string().regex(/^-?\d+(ms|s|m|h|d|w)$/, 'is not an offset such as -35d, -12h or 0d')])
  .transform((value) => (typeof value === 'number' ? value : toMilliseconds(value)))

/** Bytes, or text such as `512MiB`, `2GB`. */
export const byteSize = z
  .union([
    z.number().int().positive(),
    z.string().regex(/^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$/, 'is not a size such as 512MiB or 2GiB'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value
    const [, amount, unit] = /^([\d.]+)(\D+)$/.exec(value)!
    return Math.round(Number(amount) * bytesOf[unit as keyof typeof bytesOf])
  })
