import type { Column } from '../contracts/column.ts'
import { asKedgeError, KedgeError } from '../errors.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import type { RoutedFeatures } from './routing.ts'

/** The part of the data domain that serving uses. */
export interface ServingDatasets {
  version(
    project: string,
    name: string,
    version: number | 'latest',
  ): Promise<{ version: number; digest: string; schema: Column[] }>
  get(project: string, name: string): Promise<{ spec: { time?: string | undefined } }>
}

const kinds = { int: 'number', float: 'number', time: 'number', date: 'number', bool: 'bool', text: 'text' } as const

/**
 * What an endpoint declares to look up, as inference processes read it: `latest` is the version that is the latest now.
 * What cannot be had is said in it, for whoever would serve it.
 */
export async function routedFeatures(
  datasets: ServingDatasets,
  project: string,
  { from, key, columns, missing }: NonNullable<EndpointSpec['features']>,
): Promise<RoutedFeatures> {
  const routed = { key, missing, columns: [], digest: '', source: `${from.dataset}@${from.version}` }
  try {
    const found = await datasets.version(project, from.dataset, from.version)
    const { time } = (await datasets.get(project, from.dataset)).spec
    const there = new Map(found.schema.map(({ name, type }) => [name, kinds[type]]))
    const unknown = [key, ...columns].filter((name) => !there.has(name))
    if (unknown.length > 0)
      throw new KedgeError('invalid_input', {
        what: `${from.dataset} version ${found.version} has no column ${unknown.join(', ')}`,
      })
    return {
      ...routed,
      digest: found.digest,
      source: `${from.dataset}@${found.version}`,
      columns: columns.map((name) => ({ name, type: there.get(name)! })),
      ...(time !== undefined && there.has(time) ? { time } : {}),
    }
  } catch (error) {
    const known = asKedgeError(error)
    if (known.class === 'internal' || known.class === 'unavailable') throw error
    return { ...routed, problem: known.message }
  }
}
