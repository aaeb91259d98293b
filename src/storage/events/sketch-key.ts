/**
 * SQL for the bucket of a value in a log-bucket sketch of 1 % relative accuracy (DDSketch: Masson, Rim, Lee 2019).
 * γ = 1.01/0.99; k = ceil(ln|x| / ln γ) clamped to ±2000; key = sign(x)·(k + 2001), 0 for zero. Keys keep the order of values.
 * `column` is an SQL expression of Float64; null, NaN and infinities must be filtered out before. Gives Int32.
 */
export const sketchKey = (column: string): string => `toInt32(sign(${column}) * (${bucket(column)} + 2001))`

const LOG_GAMMA = Math.log(1.01 / 0.99)

// ln 0 is -inf, which the clamp turns into -2000; sign(0) then makes the key 0
const bucket = (column: string) => `greatest(-2000, least(2000, ceil(log(abs(${column})) / ${LOG_GAMMA})))`
