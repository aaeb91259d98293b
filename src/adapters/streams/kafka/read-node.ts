import type { ClusterMetadata, Consumer } from '@platformatic/kafka'
import type { StreamMessage } from '../../../contracts/stream-source.ts'
import { type Offsets, partitionKey } from './offsets.ts'

/** Kafka's message format 2: this bit of a batch says that it holds markers of transactions, not messages. */
const isControl = 0b100000
/** only what is committed, where producers use transactions */
const readCommitted = 1
const mostBytes = 8 * 2 ** 20
const mostBytesOfPartition = 2 * 2 ** 20
const longestWait = 500

export interface NodeInput {
  consumer: Consumer
  node: number
  partitions: readonly { topic: string; partition: number }[]
  metadata: ClusterMetadata
  /** the next offset of each partition; moved on as it is read */
  offsets: Offsets
  signal: AbortSignal
  /** what reading waits for while it is paused */
  ready(): Promise<void> | undefined
  take(topic: string, partition: number, messages: StreamMessage[]): void
  lag(topic: string, partition: number, messages: number): void
}

/** Fetches the partitions that one broker leads, until the signal aborts. Errors: the library's; the leader may have moved. */
export async function readNode(input: NodeInput): Promise<void> {
  const { consumer, node, metadata, offsets, signal } = input
  const topicNames = new Map([...metadata.topics].map(([name, { id }]) => [id, name]))
  while (!signal.aborted) {
    await input.ready()
    if (signal.aborted) return
    const response = await consumer.fetch({
      node,
      topics: input.partitions.map(({ topic, partition }) => ({
        topicId: metadata.topics.get(topic)!.id,
        partitions: [
          {
            partition,
            fetchOffset: BigInt(offsets[partitionKey(topic, partition)]!),
            partitionMaxBytes: mostBytesOfPartition,
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
          },
        ],
      })),
      minBytes: 1,
      maxBytes: mostBytes,
      maxWaitTime: longestWait,
      isolationLevel: readCommitted,
    })
    if (signal.aborted) return
    for (const { topicId, partitions } of response.responses) {
      const topic = topicNames.get(topicId)!
      for (const { partitionIndex, records, lastStableOffset, abortedTransactions } of partitions) {
        const key = partitionKey(topic, partitionIndex)
        const aborted = createAborted(abortedTransactions ?? [])
        for (const batch of records ?? []) {
          const first = Number(batch.firstOffset)
          const wanted = offsets[key]!
          const messages: StreamMessage[] = []
          if (batch.attributes & isControl) aborted.control(batch.producerId, first)
          else if (!aborted.has(batch.producerId, first, (batch.attributes & 0b10000) !== 0))
            for (const record of batch.records) {
              const offset = first + record.offsetDelta
              // a batch is sent whole, also when it is asked for from its middle
              if (offset < wanted) continue
              messages.push({
                payload: record.value ?? new Uint8Array(),
                topic,
                place: `${topic}/${partitionIndex}/${offset}`,
                columns: {
                  _topic: topic,
                  _partition: partitionIndex,
                  _offset: offset,
                  _key: record.key ? record.key.toString() : null,
                  _time: Number(batch.firstTimestamp + record.timestampDelta),
                },
              })
            }
          offsets[key] = Math.max(wanted, first + batch.lastOffsetDelta + 1)
          input.take(topic, partitionIndex, messages)
        }
        input.lag(topic, partitionIndex, Math.max(0, Number(lastStableOffset) - offsets[key]!))
      }
    }
  }
}

/** Which batches belong to transactions that were aborted: from an aborted one's first offset to its producer's marker. */
function createAborted(transactions: readonly { producerId: bigint; firstOffset: bigint }[]) {
  const coming = [...transactions].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const open = new Set<bigint>()
  return {
    has(producerId: bigint, firstOffset: number, isTransactional: boolean) {
      while (coming.length > 0 && Number(coming[0]!.firstOffset) <= firstOffset) open.add(coming.shift()!.producerId)
      return isTransactional && open.has(producerId)
    },
    control(producerId: bigint, firstOffset: number) {
      while (coming.length > 0 && Number(coming[0]!.firstOffset) <= firstOffset) open.add(coming.shift()!.producerId)
      open.delete(producerId)
    },
  }
}
