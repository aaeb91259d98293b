import { KedgeError } from '../../errors.ts'

const delimiters = [',', ';', '\t', '|']
const looked = 100
export const mostColumns = 10_000

/** Counts of fields of the first whole records of a text. */
function fieldCounts(text: string, delimiter: string, cut: boolean): number[] {
  const counts: number[] = []
  let [fields, quoted, start] = [1, false, true]
  for (let i = 0; i < text.length && counts.length < looked; i++) {
    const sign = text[i]
    if (quoted) {
      if (sign === '"') {
        if (text[i + 1] === '"') i++
        else quoted = false
      }
      continue
    }
    if (sign === '"' && start) quoted = true
    else if (sign === '\n') {
      counts.push(fields)
      fields = 1
      start = true
      continue
    } else if (sign === delimiter) {
      fields++
      start = true
      continue
    }
    start = false
  }
  // of a file that is read to its end the last record is whole
  if (!cut && !text.endsWith('\n') && counts.length < looked) counts.push(fields)
  return counts
}

/**
 * The sign between fields: the one by which the first records have most fields, nearly all of them as many. Errors:
 * `source_unreadable` when there are more columns than a table can have.
 */
export function findDelimiter(head: string, declared: string | undefined, cut: boolean): string {
  const text = head.replace(/^\uFEFF/, '')
  let best = { delimiter: declared ?? ',', fields: 1 }
  for (const delimiter of declared === undefined ? delimiters : [declared]) {
    const counts = fieldCounts(text, delimiter, cut)
    const usual = mode(counts)
    const same = counts.filter((count) => count === usual).length
    if (usual > best.fields && same >= counts.length * 0.9) best = { delimiter, fields: usual }
    // of a first record without an end as many fields are counted as there are
    const first = counts[0] ?? (cut ? text.split(delimiter).length : 1)
    if (first > mostColumns)
      throw new KedgeError('source_unreadable', {
        source: '',
        what: `its first row has ${counts[0] === undefined ? 'more than ' : ''}${first} fields, and a table has at most ${mostColumns} columns`,
      })
  }
  return best.delimiter
}

const mode = (counts: number[]): number => {
  const seen = new Map<number, number>()
  for (const count of counts) seen.set(count, (seen.get(count) ?? 0) + 1)
  return [...seen].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 1
}
