import { access, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FeatureLookup } from '../../../contracts/feature-lookup.ts'
import { KedgeError } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import type { RoutedFeatures } from '../../routing.ts'
import type { ControlClient } from '../control-client.ts'
import { downloadBlob } from '../download-blob.ts'
import { openFeatureTable } from './open-feature-table.ts'
import { openView } from './open-view.ts'

export interface FeatureTables {
  /** In memory, once for all who look it up. Errors: `unavailable`, `features_unreadable`. */
  get(project: string, features: RoutedFeatures): Promise<FeatureLookup>
  /** Lets go of all others, in memory and on the disk. */
  keep(features: readonly { project: string; features: RoutedFeatures }[]): Promise<void>
  stop(): void
}

/** A followed view stays the same, whatever base a new process would begin with. */
const keyOf = (project: string, { digest, key, time, columns, view }: RoutedFeatures) =>
  JSON.stringify(view ? [project, view.name, view.generation, columns] : [digest, key, time, columns])

const close = (table: Promise<{ close?(): void }>) =>
  void table.then(
    (opened) => opened.close?.(),
    () => {},
  )

/** Tables of features that this process looks up, their files on this machine's disk so that they are there without control. */
export function createFeatureTables(deps: {
  directory: string
  control: Pick<ControlClient, 'blob' | 'landed'>
  log: Logger
  clock: () => number
}): FeatureTables {
  const { directory, control, log } = deps
  const tables = new Map<string, Promise<FeatureLookup & { close?(): void }>>()
  /** reading takes memory beside the table's own: one after the other */
  let last: Promise<unknown> = Promise.resolve()

  async function read(project: string, features: RoutedFeatures): Promise<FeatureLookup & { close?(): void }> {
    const { source, digest, key, time, columns, view } = features
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
    const lookup = view
      ? await openView(deps, { source, path, project, view, columns })
      : await openFeatureTable(source, { path, key, time, columns })
    const { entities, bytes } = lookup
    log.info(
      { source, entities, bytes, milliseconds: Math.round(performance.now() - started) },
      'features are in memory',
    )
    return lookup
  }

  return {
    get(project, features) {
      if (features.problem !== undefined)
        return Promise.reject(
          new KedgeError('features_unreadable', { source: features.source, what: features.problem }),
        )
      const name = keyOf(project, features)
      let found = tables.get(name)
      if (!found) {
        found = last.then(() => read(project, features))
        last = found.catch(() => {})
        tables.set(name, found)
        const asked = found
        asked.catch(() => {
          if (tables.get(name) === asked) tables.delete(name)
        })
      }
      return found
    },
    async keep(kept) {
      const names = new Set(kept.map(({ project, features }) => keyOf(project, features)))
      for (const [name, table] of tables)
        if (!names.has(name)) {
          tables.delete(name)
          close(table)
        }
      const digests = new Set(kept.map(({ features }) => features.digest))
      for (const file of await readdir(directory).catch(() => []))
        if (!digests.has(file.split('.')[0]!)) await rm(join(directory, file), { force: true })
    },
    stop() {
      for (const table of tables.values()) close(table)
    },
  }
}
