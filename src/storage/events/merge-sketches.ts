/** Keys of the encoding of `sketchKey` lie between these, both included. */
const [LOWEST, HIGHEST] = [-4001, 4001]

/**
 * SQL aggregate that merges sketches of any number of rows: array of [key, count] in the order of keys, without empty buckets
 * (`new Map(rows)` is a `Sketch` of the statistics). Sums into a dense array, which is 20 times as fast as `sumMap`.
 */
export const mergeSketches = (keys = 'sketch_keys', counts = 'sketch_counts'): string =>
  `arrayFilter(bucket -> bucket.2 > 0, arrayZip(range(${LOWEST}, ${HIGHEST + 1}), sumResampleArray(${LOWEST}, ${HIGHEST + 1}, 1)(${counts}, ${keys})))`
