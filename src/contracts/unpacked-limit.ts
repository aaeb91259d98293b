/** What is packed may unpack to so many times its bytes, or to so many bytes at least; what unpacks to more is made to do harm. */
const mostTimes = 200
const freeBytes = 256 * 2 ** 20

/** The most bytes that so many packed ones may unpack to. */
export const unpackedLimit = (packed: number): number => Math.max(freeBytes, packed * mostTimes)
