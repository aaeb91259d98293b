export const hour = 3_600_000
export const day = 24 * hour

/** Start of the UTC hour that holds an event time. */
export const hourOf = (time: number): number => Math.floor(time / hour) * hour

/** Start of the UTC day that holds an event time. */
export const dayOf = (time: number): number => Math.floor(time / day) * day

/** `2001-02-03` */
export const dayText = (time: number): string => new Date(time).toISOString().slice(0, 10)
