import type { Column } from '../../contracts/model-runtime.ts'

/** One row for each question: the named background row, with the features whose place is below `upTo` from the row that is explained. */
export function mixRows(
  of: readonly Column[],
  row: number,
  others: readonly Column[],
  asked: readonly { background: number; places: ArrayLike<number>; upTo: number }[],
): Column[] {
  return of.map((column, j): Column => {
    const own = column[row]!
    const other = others[j]!
    if (typeof own === 'number')
      return Float64Array.from(asked, ({ background, places, upTo }) =>
        places[j]! < upTo ? own : (other[background] as number),
      )
    return asked.map(({ background, places, upTo }) => (places[j]! < upTo ? own : (other[background] as string)))
  })
}
