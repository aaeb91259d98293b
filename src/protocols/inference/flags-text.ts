/** What a request's rows were flagged for, as one text: `row 3: origin is an unknown category; …`. */
export const flagsText = (flags: readonly (string[] | undefined)[]): string =>
  flags.flatMap((found, row) => (found ? [`row ${row}: ${found.join(', ')}`] : [])).join('; ')
