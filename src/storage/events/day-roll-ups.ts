/**
 * A day of a roll-up is made anew from all hours of it that there are, so it is right whatever was rolled up before. It gets
 * the newest version of its hours: making it twice, or an older run that ends later, changes nothing.
 */
const dayOf = "toDateTime(toStartOfDay(bucket), 'UTC')"
const of = (where: string) => (where === '' ? '' : `WHERE ${where}`)

/**
 * SQL of the centred second moment Σ (x − mean)² of parts that have it, their counts and sums (Chan et al. 1979): it does not
 * cancel where the mean is large beside the deviation.
 */
export const mergeCentred = (count: string, sum: string, centred: string): string =>
  `sum(${centred}) + arraySum((part_n, part_sum, mean) -> if(part_n = 0, 0, part_n * pow(part_sum / part_n - mean, 2)),
    groupArray(${count}), groupArray(${sum}), arrayResize([sum(${sum}) / greatest(sum(${count}), 1)], count(), sum(${sum}) / greatest(sum(${count}), 1)))`

/** SQL that rolls up the hours of `profiles` which `where` selects: whole days, or days would lack hours. */
export const dayProfilesStatement = (where = ''): string => `
INSERT INTO profile_days (project, scope, revision, segment, feature, bucket, computed_at, count, missing, sum, sum_squares,
  minimum, maximum, sketch_keys, sketch_counts, categories, centred, vector)
SELECT project, scope, revision, segment, feature, day, max(version), sum(n), sum(without), sum(total), sum(squares),
  min(low), max(high), tupleElement(sumMap(keys, counts) AS sketch, 1), tupleElement(sketch, 2), sumMap(texts),
  ${mergeCentred('numbers', 'total', 'around')}, sumForEach(sums)
FROM (
  SELECT project, scope, revision, segment, feature, ${dayOf} AS day, computed_at AS version, count AS n, missing AS without,
    sum AS total, sum_squares AS squares, minimum AS low, maximum AS high, sketch_keys AS keys, sketch_counts AS counts,
    categories AS texts, centred AS around, arraySum(sketch_counts) AS numbers, vector AS sums
  FROM profiles FINAL ${of(where)}
)
GROUP BY project, scope, revision, segment, feature, day`

/** The same of `performance`. */
export const dayPerformanceStatement = (where = ''): string => `
INSERT INTO performance_days (project, scope, revision, segment, bucket, computed_at, count, sums, positive_keys,
  positive_counts, negative_keys, negative_counts, confusion)
SELECT project, scope, revision, segment, day, max(version), sum(n), sumMap(parts),
  tupleElement(sumMap(pk, pc) AS positive, 1), tupleElement(positive, 2),
  tupleElement(sumMap(nk, nc) AS negative, 1), tupleElement(negative, 2), sumMap(taken)
FROM (
  SELECT project, scope, revision, segment, ${dayOf} AS day, computed_at AS version, count AS n, sums AS parts,
    positive_keys AS pk, positive_counts AS pc, negative_keys AS nk, negative_counts AS nc, confusion AS taken
  FROM performance FINAL ${of(where)}
)
GROUP BY project, scope, revision, segment, day`
