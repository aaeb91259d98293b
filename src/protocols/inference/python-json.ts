/**
 * JSON as Python writes it: `NaN` becomes null, `Infinity` a number that is not finite. Errors: what `JSON.parse` throws of
 * the text as it came.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const plain = withoutConstants(text)
    if (plain === undefined) throw error
    try {
      return JSON.parse(plain)
    } catch {
      throw error
    }
  }
}

/** The text with those constants outside of strings replaced; undefined when it has none. */
function withoutConstants(text: string): string | undefined {
  let plain = ''
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
    } else if (char === 0x4e && text.startsWith('NaN', at)) {
      plain += `${text.slice(from, at)}null`
      at += 2
      from = at + 1
    } else if (char === 0x49 && text.startsWith('Infinity', at)) {
      plain += `${text.slice(from, at)}1e999`
      at += 7
      from = at + 1
    }
  }
  return from === 0 ? undefined : plain + text.slice(from)
}
