import { access, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FeatureLookup } from '../../../contracts/feature-lookup.ts'
import { KedgeError } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type { RoutedFeatures } from '../../routing.ts'
import type { ControlClient } from '../control-client.ts'
import { downloadBlob } from '../download-blob.ts'
import { openFeatureTable } from './open-feature-table.ts'

export interface FeatureTables {
  /** In memory, once for all who look it up. Errors: `unavailable`, `features_unreadable`. */
  get(features: RoutedFeatures): Promise<FeatureLookup>
  /** Lets go of all others, in memory and on the disk. */
  keep(features: readonly RoutedFeatures[]): Promise<void>
}

const keyOf = ({ digest, key, time, columns }: RoutedFeatures) => JSON.stringify([digest, key, time, columns])

/** Tables of features that this process looks up, their files on this machine's disk so that they are there without control. */
export function createFeatureTables(deps: {
  directory: string
  control: Pick<ControlClient, 'blob'>
  log: Logger
}): FeatureTables {
  const { directory, control, log } = deps
  const tables = new Map<string, Promise<FeatureLookup>>()
  /** reading takes memory beside the table's own: one after the other */
  let last: Promise<unknown> = Promise.resolve()

  async function read({ source, digest, key, time, columns }: RoutedFeatures): Promise<FeatureLookup> {
    await mkdir(directory, { recursive: true })
    const path = join(directory, digest)
    if (
      !(await access(path).then(
        () => true,
        () => false,
      ))
    )
      await downloadBlob(control, digest, path)
    const started = performance.now()
    const lookup = await openFeatureTable(source, { path, key, time, columns })
    const { entities, bytes } = lookup
    log.info(
      { source, entities, bytes, milliseconds: Math.round(performance.now() - started) },
      'features are in memory',
    )
    return lookup
  }

  return {
    get(features) {
      if (features.problem !== undefined)
        return Promise.reject(
          new KedgeError('features_unreadable', { source: features.source, what: features.problem }),
        )
      const name = keyOf(features)
      let found = tables.get(name)
      if (!found) {
        found = last.then(() => read(features))
        last = found.catch(() => {})
        tables.set(name, found)
        const asked = found
        asked.catch(() => {
          if (tables.get(name) === asked) tables.delete(name)
        })
      }
      return found
    },
    async keep(features) {
      const names = new Set(features.map(keyOf))
      for (const name of tables.keys()) if (!names.has(name)) tables.delete(name)
      const digests = new Set(features.map(({ digest }) => digest))
      for (const file of await readdir(directory).catch(() => []))
        if (!digests.has(file.split('.')[0]!)) await rm(join(directory, file), { force: true })
    },
  }
}
