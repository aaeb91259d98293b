/** Names and dates of the flights example. */
export const project = 'flights'
export const endpoint = 'delay'
export const base = `/api/v1/projects/${project}`
/** first day of the data, of the replay, and the day after its last; midnight UTC */
export const january = Date.UTC(2001, 0, 1)
export const replayStart = Date.UTC(2001, 1, 1)
export const replayEnd = Date.UTC(2001, 6, 1)
