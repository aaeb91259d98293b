import { isUtf8 } from 'node:buffer'
import { KedgeError } from '../errors.ts'

/** The text of a body. Errors: `invalid_input` with the offset of the first byte that is not UTF-8, instead of other characters in its place. */
export function decodeUtf8(bytes: Buffer, what = 'The body'): string {
  if (!isUtf8(bytes)) {
    const offset = firstInvalid(bytes)
    throw new KedgeError(
      'invalid_input',
      { what: `${what} is not UTF-8: the byte ${offset} (counted from 0) is 0x${bytes[offset]!.toString(16)}` },
      { todo: 'Encode the text as UTF-8 and send it again.' },
    )
  }
  return bytes.toString('utf8')
}

/** Smallest and largest second byte after a lead byte that narrows it: no overlong forms, no surrogates, nothing above U+10FFFF. */
const narrowed: Record<number, [from: number, to: number]> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
}

/** Offset of the byte that begins the first sequence that is no UTF-8. */
function firstInvalid(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at]!
    const length =
      lead < 0x80
        ? 1
        : lead >= 0xc2 && lead < 0xe0
          ? 2
          : lead >= 0xe0 && lead < 0xf0
            ? 3
            : lead >= 0xf0 && lead < 0xf5
              ? 4
              : 0
    if (length === 0) return at
    for (let i = 1; i < length; i++) {
      const [from, to] = (i === 1 && narrowed[lead]) || [0x80, 0xbf]
      const byte = bytes[at + i]
      if (byte === undefined || byte < from || byte > to) return at
    }
    at += length
  }
  return at
}
