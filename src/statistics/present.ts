/** The values that are numbers and not NaN: a statistic on samples leaves the missing ones out, as a profile does. */
export const present = (values: Iterable<number>): number[] => {
  const kept: number[] = []
  for (const x of values) if (!Number.isNaN(x)) kept.push(x)
  return kept
}
