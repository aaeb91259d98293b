/** The next offset to read of each partition, by `topic:partition`. */
export type Offsets = Record<string, number>

export const partitionKey = (topic: string, partition: number): string => `${topic}:${partition}`

/**
 * Where to begin in the assigned partitions: at what is landed or at what the group has committed, whichever is later
 * (another member may have gone on), else where `start` says. Exact below 2^53.
 */
export function beginningOffsets(
  assigned: readonly { topic: string; partitions: readonly number[] }[],
  landed: Offsets,
  committed: ReadonlyMap<string, readonly bigint[]>,
  start: ReadonlyMap<string, readonly bigint[]>,
): Offsets {
  const offsets: Offsets = {}
  for (const { topic, partitions } of assigned)
    for (const partition of partitions) {
      const key = partitionKey(topic, partition)
      const known = Math.max(landed[key] ?? -1, Number(committed.get(topic)?.[partition] ?? -1n))
      offsets[key] = known >= 0 ? known : Number(start.get(topic)?.[partition] ?? 0n)
    }
  return offsets
}
