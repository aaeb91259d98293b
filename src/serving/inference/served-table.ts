import type { RoutedEndpoint, RoutedRevision, Routing } from '../routing.ts'
import { type ServedEndpoint, type ServedRevision, serveEndpoint } from './served-endpoint.ts'

export interface ServedTable {
  /** By `NAME` where one project alone has it, or `PROJECT/NAME`. */
  find(name: string): ServedEndpoint | undefined
  list(): ServedEndpoint[]
  /**
   * Serves this from now on, each endpoint as soon as its own models are ready: until then as before, or not at all.
   * Resolves when all have been tried: with false when a newer routing has come meanwhile, which decides.
   */
  apply(next: Routing): Promise<boolean>
}

/** `load` gives undefined for a revision that cannot be served now. */
export function createServedTable(
  load: (endpoint: RoutedEndpoint, revision: RoutedRevision) => Promise<ServedRevision | undefined>,
): ServedTable {
  const table = new Map<string, ServedEndpoint>()
  let byName: Map<string, ServedEndpoint> | undefined
  let newest = 0

  function names(): Map<string, ServedEndpoint> {
    if (byName) return byName
    byName = new Map(table)
    for (const [name, endpoints] of Map.groupBy(table.values(), (endpoint) => endpoint.name))
      if (endpoints.length === 1) byName.set(name, endpoints[0]!)
    return byName
  }

  async function bring(endpoint: RoutedEndpoint, generation: number) {
    const wanted = endpoint.revisions.filter((revision) => revision.traffic > 0 || revision.shadow)
    const loaded = await Promise.all(wanted.map((revision) => load(endpoint, revision)))
    if (generation !== newest) return
    const missing = wanted.some((revision, i) => revision.traffic > 0 && !loaded[i])
    const before = table.get(pathOf(endpoint))
    // as long as one that should answer is not ready, the endpoint goes on as it was
    if (missing && before?.id === endpoint.id && before.revisions.some((revision) => revision.traffic > 0)) return
    table.set(
      pathOf(endpoint),
      serveEndpoint(
        endpoint,
        loaded.filter((revision) => revision !== undefined),
      ),
    )
    byName = undefined
  }

  return {
    find: (name) => names().get(name),
    list: () => [...table.values()],
    async apply(next) {
      const generation = ++newest
      const paths = new Set(next.endpoints.map(pathOf))
      for (const path of table.keys()) if (!paths.has(path)) table.delete(path)
      byName = undefined
      await Promise.all(next.endpoints.map((endpoint) => bring(endpoint, generation)))
      return generation === newest
    },
  }
}

const pathOf = ({ project, name }: Pick<RoutedEndpoint, 'project' | 'name'>) => `${project}/${name}`
