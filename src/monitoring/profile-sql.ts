import { mergeCentred } from '../storage/events/day-roll-ups.ts'
import { sketchKey } from '../storage/events/sketch-key.ts'

/**
 * Rows as both profile statements read them, whatever they come from: revision UInt32, bucket DateTime, live UInt8,
 * numbers Map(String, Float64), texts Map(String, String), score Nullable(Float64), judged Nullable(Float64) (the score
 * that performance is computed from), label String, latency Nullable(Float64) in ms, truth Nullable(Float64), outcome String
 * (the actual as text), id String, chance Float64 in [0, 1) (the same whenever the row is read).
 */
export interface ProfileSource {
  sql: string
  /** rows have, besides, `words` Array(Tuple(String, String)): features and their categories, any number of each in a row */
  words?: boolean
  /** … `vectors` Array(Tuple(String, Array(Float64))): features and their vectors */
  vectors?: boolean
  params: Record<string, unknown>
}

/**
 * The predictions of an endpoint in some hours, each once, with the actuals that are known by now; `labels` says which words of
 * either mean which class.
 */
export function predictionSource(
  project: string,
  endpoint: string,
  buckets: readonly number[],
  labels: Readonly<Record<string, string>> = {},
): ProfileSource {
  const seconds = buckets.map((bucket) => bucket / 1000)
  const words = Object.keys(labels)
  const meant = (sql: string) =>
    words.length === 0 ? sql : `transform(${sql}, {words:Array(String)}, {classes:Array(String)}, ${sql})`
  const said = "if(label = '', ifNull(toString(value), ''), label)"
  return {
    sql: `SELECT p.revision AS revision, toDateTime(toStartOfHour(p.time), 'UTC') AS bucket, toUInt8(NOT p.shadow) AS live,
        CAST(p.numbers, 'Map(String, Float64)') AS numbers, CAST(p.texts, 'Map(String, String)') AS texts,
        p.score AS score, p.score AS judged, ${meant('p.label')} AS label, nullIf(p.latency_us, 0) / 1000 AS latency, a.truth AS truth,
        a.outcome AS outcome, p.id AS id, cityHash64(p.id) / pow(2, 64) AS chance
      FROM (
        SELECT * FROM predictions FINAL
        WHERE project = {project:String} AND endpoint = {endpoint:String}
          AND time >= toDateTime64({from:UInt32}, 3, 'UTC') AND time < toDateTime64({to:UInt32}, 3, 'UTC')
          AND toUnixTimestamp(toStartOfHour(time)) IN {buckets:Array(UInt32)}
      ) AS p
      LEFT JOIN (
        SELECT id, ${words.length === 0 ? 'ifNull(value, toFloat64OrNull(label))' : `toFloat64OrNull(${meant(said)})`} AS truth, ${meant(said)} AS outcome
        FROM actuals FINAL
        WHERE project = {project:String} AND endpoint = {endpoint:String} AND id IN (
          SELECT id FROM predictions
          WHERE project = {project:String} AND endpoint = {endpoint:String}
            AND time >= toDateTime64({from:UInt32}, 3, 'UTC') AND time < toDateTime64({to:UInt32}, 3, 'UTC')
        )
      ) AS a ON a.id = p.id`,
    params: {
      ...(words.length === 0 ? {} : { words, classes: words.map((word) => labels[word]!) }),
      project,
      endpoint,
      buckets: seconds,
      from: Math.min(...seconds),
      to: Math.max(...seconds) + 3600,
    },
  }
}

/** Categories kept for each feature and bucket; the largest. */
const MOST_CATEGORIES = 1000

/** What rows without a vector have in its place. */
const none = ({ vectors }: ProfileSource) => (vectors ? ", CAST([], 'Array(Float64)') AS vector" : '')

/** Rows of a table, computed from a source. */
interface ComputedRows {
  columns: string
  sql: string
}

/** The profiles of every feature for the source's revisions and buckets. Params: scope, version besides the source's. */
export const profileRows = (source: ProfileSource): ComputedRows => ({
  columns: `project, scope, revision, segment, feature, bucket, computed_at, count, missing, sum, sum_squares,
  minimum, maximum, sketch_keys, sketch_counts, categories, centred${source.vectors ? ', vector' : ''}`,
  sql: `
WITH source AS (${source.sql}),
values AS (
  SELECT revision, bucket, feature, 1 AS kind, ${sketchKey('x')} AS key, '' AS category, x${none(source)} FROM (
    SELECT revision, bucket, feature, x FROM source
    ARRAY JOIN
      arrayConcat(mapKeys(numbers), if(isNull(score), [], ['$score']), if(isNull(latency), [], ['$latency_ms']), ['$rows']) AS feature,
      arrayConcat(mapValues(numbers), if(isNull(score), [], [assumeNotNull(score)]), if(isNull(latency), [], [assumeNotNull(latency)]),
        [toFloat64(live)]) AS x
    WHERE isFinite(x)
  )
  UNION ALL
  SELECT revision, bucket, feature, 2 AS kind, toInt32(0) AS key, category, toFloat64(0) AS x${none(source)} FROM source
  ARRAY JOIN
    arrayConcat(mapKeys(texts), if(label = '', [], ['$label'])${source.words ? ', words.1' : ''}) AS feature,
    arrayConcat(mapValues(texts), if(label = '', [], [label])${source.words ? ', words.2' : ''}) AS category
    WHERE feature NOT IN ('$key', '$features')${
      source.vectors
        ? `
  UNION ALL
  SELECT revision, bucket, feature, 3 AS kind, toInt32(0) AS key, '' AS category, toFloat64(0) AS x, vector FROM source
  ARRAY JOIN vectors.1 AS feature, vectors.2 AS vector`
        : ''
    }
),
counted AS (
  SELECT revision, bucket, feature, kind, key, category, count() AS n, sum(x) AS s, sum(x * x) AS ss, min(x) AS lowest, max(x) AS highest,
    varPopStable(x) * n AS around, if(kind = 1, n, 0) AS numeric${
      source.vectors ? ', arrayConcat([sum(arraySum(v -> v * v, vector))], sumForEach(vector)) AS vector_sum' : ''
    }
  FROM values GROUP BY revision, bucket, feature, kind, key, category
)
SELECT {project:String}, {scope:String}, revision, '', feature, bucket, {version:UInt64}, sumIf(n, kind < 3), 0, sum(s), sum(ss),
  minIf(lowest, kind = 1), maxIf(highest, kind = 1),
  arraySort(groupArrayIf((key, n), kind = 1)).1, arraySort(groupArrayIf((key, n), kind = 1)).2,
  mapFromArrays(
    arraySlice(arraySort(t -> (-toInt64(t.2), t.1), groupArrayIf((category, n), kind = 2)), 1, ${MOST_CATEGORIES}).1,
    arraySlice(arraySort(t -> (-toInt64(t.2), t.1), groupArrayIf((category, n), kind = 2)), 1, ${MOST_CATEGORIES}).2),
  ${mergeCentred('numeric', 's', 'around')}${source.vectors ? ', sumForEachIf(vector_sum, kind = 3)' : ''}
FROM counted GROUP BY revision, bucket, feature`,
})

/** Recomputes them. */
export const profileStatement = (source: ProfileSource): string => insertInto('profiles', profileRows(source))

const insertInto = (table: string, { columns, sql }: ComputedRows) => `INSERT INTO ${table} (${columns})${sql}`

/** Stands between the actual class and the predicted one. */
export const TAKEN_FOR = '\u001f'

/** The least and largest probability that the log loss gives weight to, as in `statistics/log-loss.ts`. */
const clipped = 'least(greatest(score, pow(2, -52)), 1 - pow(2, -52))'
const loss = `if(truth = 1, -log(${clipped}), -log(1 - ${clipped}))`
const error = '(score - truth)'

/** Name of each sum in `performance.sums` and the SQL that gives it. */
const sums: Record<string, string> = {
  predictions: 'count()',
  selected: 'countIf(own >= {threshold:Float64})',
  binary: 'countIf(is_binary)',
  positives: 'countIf(is_binary AND truth = 1)',
  true_positives: 'countIf(is_binary AND truth = 1 AND score >= {threshold:Float64})',
  false_positives: 'countIf(is_binary AND truth = 0 AND score >= {threshold:Float64})',
  score: 'sumIf(score, is_binary)',
  score_variance: 'sumIf(score * (1 - score), is_binary)',
  log_loss: `sumIf(${loss}, is_binary)`,
  log_loss_2: `sumIf(pow(${loss}, 2), is_binary)`,
  brier: `sumIf(pow(${error}, 2), is_binary)`,
  brier_2: `sumIf(pow(${error}, 4), is_binary)`,
  numeric: 'countIf(is_numeric)',
  error: `sumIf(${error}, is_numeric)`,
  absolute: `sumIf(abs(${error}), is_numeric)`,
  squared: `sumIf(pow(${error}, 2), is_numeric)`,
  squared_2: `sumIf(pow(${error}, 4), is_numeric)`,
}

/**
 * The performance sums of the source's revisions and buckets, for all rows and for each segment of `segments`
 * (`feature=value`, or two of them in order with ` & ` between). Params: scope, version, threshold, segments besides the source's.
 */
export const performanceRows = (source: ProfileSource): ComputedRows => ({
  columns: `project, scope, revision, segment, bucket, computed_at, count, sums,
  positive_keys, positive_counts, negative_keys, negative_counts, confusion`,
  sql: `
WITH source AS (${source.sql}),
rows AS (
  SELECT revision, bucket, ifNull(source.score, -1) AS own, ifNull(judged, 0) AS score, ifNull(truth, 0) AS truth,
    NOT isNull(source.truth) OR outcome != '' AS known, NOT isNull(source.truth) AND NOT isNull(judged) AS is_numeric,
    if(label = '' OR outcome = '', '', concat(outcome, '${TAKEN_FOR}', label)) AS pair,
    is_numeric AND source.truth IN (0, 1) AND judged >= 0 AND judged <= 1 AS is_binary,
    toUInt16(if(is_binary, ${sketchKey('ifNull(judged, 0)')}, 0)) AS key,
    arraySort(arrayFilter(s -> has({segments:Array(String)}, s),
      arrayMap((name, text) -> concat(name, '=', text), mapKeys(texts), mapValues(texts)))) AS groups,
    arrayFilter(s -> has({segments:Array(String)}, s), arrayFlatten(arrayMap(
      (a, i) -> arrayMap(b -> concat(a, ' & ', b), arraySlice(groups, i + 1)), groups, arrayEnumerate(groups)))) AS crossed,
    arrayJoin(arrayConcat([''], groups, crossed)) AS segment
  FROM source
)
SELECT {project:String}, {scope:String}, revision, segment, bucket, {version:UInt64}, countIf(known),
  CAST(map(${Object.entries(sums)
    .map(([name, sql]) => `'${name}', toFloat64(${sql})`)
    .join(', ')}), 'Map(LowCardinality(String), Float64)'),
  ${[1, 0].flatMap((truth) => [1, 2].map((part) => `tupleElement(sumMapIf([key], [toUInt64(1)], is_binary AND truth = ${truth}), ${part})`)).join(', ')},
  CAST(mapFilter((name, n) -> name != '', sumMap(map(pair, toUInt64(1)))), 'Map(String, UInt64)')
FROM rows GROUP BY revision, segment, bucket`,
})

/** Recomputes them. */
export const performanceStatement = (source: ProfileSource): string =>
  insertInto('performance', performanceRows(source))

/** Rows of an hour that a sample holds at most. */
export const SAMPLED = 200

/** Keeps a sample of every revision and bucket of the source: the rows of the smallest chance. Params: scope, version besides the source's. */
export const sampleStatement = (source: ProfileSource): string => `
INSERT INTO samples (project, scope, revision, bucket, computed_at, rows)
WITH source AS (${source.sql})
SELECT {project:String}, {scope:String}, revision, bucket, {version:UInt64},
  groupArray(CAST((chance, id, numbers, texts, judged, label, truth, outcome), 'Tuple(chance Float64, id String,
    numbers Map(String, Float64), texts Map(String, String), score Nullable(Float64), label String, truth Nullable(Float64), outcome String)'))
FROM (SELECT * FROM source ORDER BY revision, bucket, chance LIMIT ${SAMPLED} BY revision, bucket)
GROUP BY revision, bucket`
