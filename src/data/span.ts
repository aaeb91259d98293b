const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds of a text such as `30m`, `1h` or `1.5d`. */
export const millisecondsOf = (text: string): number =>
  Number(text.slice(0, -1)) * unit[text.at(-1) as keyof typeof unit]
