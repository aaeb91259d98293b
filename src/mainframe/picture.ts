/** What a PICTURE says. */
export interface Picture {
  kind: 'text' | 'double' | 'number' | 'edited text' | 'edited number'
  /** characters in storage (USAGE DISPLAY), without a separate sign */
  size: number
  /** digits that are stored */
  digits: number
  /** places after the decimal point; negative where P stands for zeros before it */
  scale: number
  signed: boolean
}

/**
 * Reads a PICTURE string; undefined when it is none. `comma`: DECIMAL-POINT IS COMMA.
 */
export function readPicture(text: string, comma = false): Picture | undefined {
  const expanded = expand(text.toUpperCase())
  if (expanded === undefined || expanded.length === 0) return undefined
  const count = (pattern: RegExp) => expanded.match(pattern)?.length ?? 0
  if (/^[NG]+$/.test(expanded)) return { kind: 'double', size: expanded.length * 2, digits: 0, scale: 0, signed: false }
  if (/^[XA9]+$/.test(expanded) && /[XA]/.test(expanded))
    return { kind: 'text', size: expanded.length, digits: 0, scale: 0, signed: false }
  const number = /^(S?)(P*)(9*)(V?)(9*)(P*)V?$/.exec(expanded)
  if (number && /9/.test(expanded)) {
    const [, sign, before, whole, point, fraction, after] = number as unknown as string[]
    if (before !== '' && after !== '') return undefined
    const digits = whole!.length + fraction!.length
    const scale =
      before !== '' ? before!.length + digits : after !== '' ? -after!.length : point === 'V' ? fraction!.length : 0
    return { kind: 'number', size: digits, digits, scale, signed: sign === 'S' }
  }
  // `V` before leading P and similar rare forms
  const scaled = /^(S?)V(P+)(9+)$/.exec(expanded)
  if (scaled) {
    const digits = scaled[3]!.length
    return { kind: 'number', size: digits, digits, scale: scaled[2]!.length + digits, signed: scaled[1] === 'S' }
  }
  if (!/^(?:[XA9NGZB0/,.+\-*$€£¥VPS]|CR|DB|CS)+$/.test(expanded)) return undefined
  const size = expanded.length - count(/[VPS]/g)
  if (/[XA]/.test(expanded)) return { kind: 'edited text', size, digits: 0, scale: 0, signed: false }
  if (!/[9Z*+\-$€£¥]/.test(expanded)) return undefined
  const point = comma ? ',' : '.'
  const at = expanded.search(comma ? /[,V]/ : /[.V]/)
  const places = (part: string) => part.replace(/[^9Z*+\-$€£¥]/g, '').length
  const signed = /[+-]|CR|DB/.test(expanded)
  const separators = new RegExp(`[/B]|[0${point === '.' ? '' : '.'}]$`)
  // 99/99/9999 and the like are read by people, not calculated with
  if (
    separators.test(expanded.replace(/DB$/, '')) &&
    !/[Z*]/.test(expanded) &&
    /[/B]/.test(expanded.replace(/DB$/, ''))
  )
    return { kind: 'edited text', size, digits: 0, scale: 0, signed: false }
  return {
    kind: 'edited number',
    size,
    digits: count(/[9Z*]/g),
    scale: at < 0 ? 0 : places(expanded.slice(at + 1).replace(/[+-]$/, '')),
    signed,
  }
}

const longest = 1_000_000

/** `9(3)` is `999`. */
function expand(text: string): string | undefined {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const repeat = /^.\((\d+)\)/.exec(text.slice(i))
    const n = repeat ? Number(repeat[1]) : 1
    if (text[i] === '(' || text[i] === ')' || out.length + n > longest || n === 0) return undefined
    out += text[i]!.repeat(n)
    if (repeat) i += repeat[0].length - 1
  }
  return out
}
