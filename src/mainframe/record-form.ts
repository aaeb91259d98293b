import { KedgeError } from '../errors.ts'

/** How records follow one another in a file. */
export interface RecordForm {
  /** fixed: all of one length; rdw: each with a record descriptor word before it; bdw: those in blocks with a descriptor of their own */
  records: 'fixed' | 'rdw' | 'bdw'
  /** bytes of a fixed record */
  length: number
  /** the descriptor's length is little-endian */
  littleEndian: boolean
  /** the descriptor's length does not count the descriptor's own four bytes */
  excludesItself: boolean
  header: Ends
  footer: Ends
}

/** What is no data at one end of a file. */
export interface Ends {
  bytes: number
  records: number
}

export interface Split {
  count: number
  /** where the first byte is that was not taken */
  next: number
}

export interface RecordSplitter {
  starts: Uint32Array
  ends: Uint32Array
  /** Finds the whole records in `bytes` between `from` and `to`; `base` is the place in the file of bytes[0]. */
  split(bytes: Uint8Array, from: number, to: number, base: number): Split
  /** records found so far, headers among them */
  found(): number
}

const longestRecord = 64 * 2 ** 20
const mostRecords = 65_536

const unreadable = (what: string, todo: string) => new KedgeError('source_unreadable', { source: '', what }, { todo })

/** Whether a file of so many bytes can have these records. Errors: `source_unreadable` says what is left over, and why that may be. */
export function checkFileSize(size: number, form: RecordForm, record: string): void {
  const { header, footer, length, records } = form
  const rest = size - header.bytes - footer.bytes
  if (size === 0 || rest <= 0)
    throw unreadable(
      size === 0
        ? 'it is empty'
        : `its ${size} bytes are no more than header (${header.bytes}) and footer (${footer.bytes})`,
      'Look whether the file was transferred whole.',
    )
  if (records !== 'fixed' || rest % length === 0) return
  const around = header.bytes + footer.bytes > 0 ? ` without header and footer (${header.bytes} + ${footer.bytes})` : ''
  throw unreadable(
    `its ${rest} bytes${around} are no multiple of the record ${record} of ${length} bytes: ${Math.floor(rest / length)} records and ${rest % length} bytes`,
    `A record may be of another length than the copybook says (${nearby(rest, length)}), the file may have record descriptor words (records: rdw), a header, or line ends from a transfer as text.`,
  )
}

/** Lengths near the expected one by which the size can be divided. */
function nearby(size: number, length: number): string {
  const found: number[] = []
  for (let step = 1; step <= 64 && found.length < 3; step++)
    for (const other of [length + step, length - step]) if (other > 0 && size % other === 0) found.push(other)
  return found.length === 0 ? 'no length nearby divides it' : `${found.slice(0, 3).join(', ')} would divide it`
}

/** Splits a file into its records, a piece at a time. Errors: `source_unreadable` names record and byte. */
export function createSplitter(form: RecordForm): RecordSplitter {
  const starts = new Uint32Array(mostRecords)
  const ends = new Uint32Array(mostRecords)
  let found = 0
  let blockEnd = form.header.bytes
  if (form.records === 'fixed')
    return {
      starts,
      ends,
      split(_, from, to) {
        const count = Math.min(mostRecords, Math.floor((to - from) / form.length))
        for (let i = 0, at = from; i < count; i++) {
          starts[i] = at
          at += form.length
          ends[i] = at
        }
        found += count
        return { count, next: from + count * form.length }
      },
      found: () => found,
    }

  const own = form.excludesItself ? 0 : 4
  return { starts, ends, split, found: () => found }

  function split(bytes: Uint8Array, from: number, to: number, base: number): Split {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let count = 0
    let at = from
    while (count < mostRecords) {
      if (form.records === 'bdw' && base + at === blockEnd) {
        if (to - at < 4) break
        const first = view.getUint32(at)
        const length = first >= 0x80000000 ? first & 0x7fffffff : first >>> 16
        if (length < 8)
          throw unreadable(
            `the block at byte ${base + at} has the length ${length} in its block descriptor word (${hex(bytes, at)})`,
            'Blocks have at least 8 bytes. Perhaps the file has records without blocks: records: rdw.',
          )
        blockEnd = base + at + length
        at += 4
      }
      if (to - at < 4) break
      const length = (form.littleEndian ? view.getUint16(at, true) : view.getUint16(at)) - own
      const spanned = bytes[at + 2]!
      if (length < 0 || (length === 0 && own === 4) || (!form.littleEndian && spanned !== 0))
        throw unreadable(
          `record ${found + 1} at byte ${base + at} has the record descriptor word ${hex(bytes, at)}, ${
            spanned !== 0 && length > 0
              ? 'which is that of a part of a spanned record, or none'
              : `the length ${length + own}`
          }`,
          `Perhaps the file has ${form.records === 'rdw' ? 'blocks (records: bdw) or fixed records' : 'no blocks (records: rdw)'}, the words are little-endian, or they do not count themselves (descriptor: …).`,
        )
      const end = at + 4 + length
      if (form.records === 'bdw' && base + end > blockEnd)
        throw unreadable(
          `record ${found + 1} at byte ${base + at} ends behind its block, which ends at byte ${blockEnd}`,
          'The file is damaged there, or it has no blocks (records: rdw).',
        )
      if (end > to) break
      starts[count] = at + 4
      ends[count] = end
      count++
      found++
      at = end
    }
    return { count, next: at }
  }
}

/** What is left over at the end of a file is a record that is not whole. */
export const incompleteRecord = (number: number, at: number, there: number) =>
  unreadable(
    `record ${number} at byte ${at} is not whole: the file ends ${there} bytes later`,
    'Look whether the file was transferred whole, and whether it has a footer.',
  )

export const tooLong = (number: number, at: number) =>
  unreadable(`record ${number} at byte ${at} has more than ${longestRecord} bytes`, 'Look at the form of the records.')
export { longestRecord }

const hex = (bytes: Uint8Array, at: number) =>
  Buffer.from(bytes.subarray(at, at + 4))
    .toString('hex')
    .toUpperCase()
