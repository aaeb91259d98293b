/** A column of a sum that is made of another column: the column itself, or an answer about its value. */
interface Derived {
  from: number
  /** absent: the value itself */
  of?: (x: number) => number
}

/**
 * Columns that trees ask for. A question that is no comparison with a threshold (is the value in a set, is it a zero that
 * stands for "missing") becomes a column of its own, made of the column that it asks about.
 */
export function createInnerColumns(width: number) {
  const derived: Derived[] = Array.from({ length: width }, (_, from) => ({ from }))
  const known = new Map<string, number>()
  return {
    /** The column that answers `of` about `from`; the same `key` is the same question. */
    add(from: number, key: string, of: (x: number) => number): number {
      const name = `${from}/${key}`
      let at = known.get(name)
      if (at === undefined) {
        at = derived.length
        derived.push({ from, of })
        known.set(name, at)
      }
      return at
    },
    /** Of what each column is made, as far as `parts` say it of the first ones. */
    parts: (parts: ArrayLike<number>) => Int32Array.from(derived, ({ from }) => parts[from]!),
    /** Rows with all columns from those with the first ones. */
    fill(rows: number, value: (column: number) => ArrayLike<number>): Float64Array[] {
      const columns = derived
        .map(({ from }) => from)
        .reduce((all, from) => all.set(from, value(from)), new Map<number, ArrayLike<number>>())
      return Array.from({ length: rows }, (_, row) =>
        Float64Array.from(derived, ({ from, of }) => {
          const x = columns.get(from)![row]!
          return of ? of(x) : x
        }),
      )
    },
  }
}

export type InnerColumns = ReturnType<typeof createInnerColumns>
