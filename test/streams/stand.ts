import { setTimeout as wait } from 'node:timers/promises'
import { expectations } from '../../src/adapters/expectations/index.generated.ts'
import { operations } from '../../src/adapters/operations/index.generated.ts'
import { sources } from '../../src/adapters/sources/index.generated.ts'
import { streams } from '../../src/adapters/streams/index.generated.ts'
import { asSource } from '../../src/contracts/stream-source.ts'
import type { StreamState } from '../../src/data/stream/streams.ts'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'

export interface StreamStand extends OpenedData {
  /** declares a stream and waits until it is connected */
  declare(name: string, config: object): Promise<StreamState>
  /** waits until the stream is as it should be */
  until(name: string, is: (state: StreamState) => boolean, seconds?: number): Promise<StreamState>
  /** all rows that are in micro-batches, in the order in which they landed, as arrays in the order of `columns` */
  landed(name: string, columns: string[]): Promise<unknown[][]>
}

/** The data domain with its queue running. */
export async function openStreams(options: Parameters<typeof openData>[0] = {}): Promise<StreamStand> {
  const data = await openData({
    extensions: { sources: [...sources, ...streams.map(asSource)], streams, operations, expectations },
    ...options,
  })
  const { jobs } = data.environment
  jobs.start()
  const until: StreamStand['until'] = async (name, is, seconds = 20) => {
    const end = performance.now() + seconds * 1000
    for (;;) {
      const state = await data.streams.get(project, name).catch(() => undefined)
      if (state && is(state)) return state
      if (performance.now() > end) throw new Error(`the stream did not come there: ${JSON.stringify(state)}`)
      await wait(20)
    }
  }
  return {
    ...data,
    until,
    async close() {
      await data.stop()
      await data.close()
    },
    async declare(name, config) {
      await data.sources.put(by, project, name, config)
      return until(name, ({ connection }) => connection === 'connected')
    },
    async landed(name, columns) {
      await until(name, ({ buffered }) => buffered.rows === 0)
      const preview = await data.sources.preview(project, name, 1_000_000)
      const placeOf = (column: string) => preview.columns.findIndex((found) => found.name === column)
      // the engine reads several files at once, in any order
      const sequence = placeOf('_sequence')
      const places = columns.map(placeOf)
      return preview.rows
        .toSorted((a, b) => Number(a[sequence]) - Number(b[sequence]))
        .map((row) => places.map((place) => row[place]))
    },
  }
}
