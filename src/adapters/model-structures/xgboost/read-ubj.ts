import { NoTree } from '../grow-tree.ts'

const text = new TextDecoder()

/** A Universal Binary JSON document, as XGBoost writes it. Errors: `NoTree` where it is cut off or damaged. */
export function readUbj(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const byte = () => {
    const found = bytes[at++]
    if (found === undefined) throw new NoTree('its file is cut off')
    return found
  }
  const number = (marker: number): number => {
    const start = at
    const width = widths[marker]
    if (!width) throw new NoTree(`its file is damaged at byte ${start}`)
    at += width
    if (at > bytes.length) throw new NoTree('its file is cut off')
    switch (marker) {
      case 0x69:
        return view.getInt8(start)
      case 0x55:
        return view.getUint8(start)
      case 0x49:
        return view.getInt16(start)
      case 0x6c:
        return view.getInt32(start)
      case 0x4c:
        return Number(view.getBigInt64(start))
      case 0x64:
        return view.getFloat32(start)
      default:
        return view.getFloat64(start)
    }
  }
  const words = () => {
    const length = number(byte())
    if (length < 0 || length > bytes.length - at) throw new NoTree('its file is cut off')
    at += length
    return text.decode(bytes.subarray(at - length, at))
  }
  const header = () => {
    let marker: number | undefined
    let length: number | undefined
    if (bytes[at] === dollar) {
      at++
      marker = byte()
    }
    if (bytes[at] === hash) {
      at++
      length = number(byte())
      if (length < 0 || length > bytes.length) throw new NoTree('its file is cut off')
    }
    return { marker, length }
  }
  const value = (marker: number, depth: number): unknown => {
    if (depth > 64) throw new NoTree('its file is nested too deeply')
    switch (marker) {
      case 0x5a:
        return null
      case 0x54:
        return true
      case 0x46:
        return false
      case 0x53:
      case 0x43:
        return words()
      case 0x5b: {
        const { marker: of, length } = header()
        const list: unknown[] = []
        if (length !== undefined) for (let i = 0; i < length; i++) list.push(value(of ?? byte(), depth + 1))
        else for (let next = byte(); next !== 0x5d; next = byte()) list.push(value(next, depth + 1))
        return list
      }
      case 0x7b: {
        const { marker: of, length } = header()
        const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>
        if (length !== undefined)
          for (let i = 0; i < length; i++) {
            const key = words()
            found[key] = value(of ?? byte(), depth + 1)
          }
        else
          while (bytes[at] !== 0x7d) {
            const key = words()
            found[key] = value(byte(), depth + 1)
          }
        if (length === undefined) at++
        return found
      }
      default:
        return number(marker)
    }
  }
  return value(byte(), 0)
}

const dollar = 0x24
const hash = 0x23
/** bytes of a number by its marker: i U I l L d D */
const widths: Record<number, number> = { 105: 1, 85: 1, 73: 2, 108: 4, 76: 8, 100: 4, 68: 8 }
