import type { Column } from '../contracts/column.ts'
import { asKedgeError, KedgeError } from '../errors.ts'
import type { EndpointSpec } from './endpoint-spec.ts'
import type { RoutedFeatures, RoutedView } from './routing.ts'

/** The part of the data domain that serving uses. */
export interface ServingDatasets {
  version(
    project: string,
    name: string,
    version: number | 'latest',
  ): Promise<{ version: number; digest: string; schema: Column[] }>
  get(project: string, name: string): Promise<{ spec: { time?: string | undefined } }>
  /** what lookups of a feature view begin with; undefined while there is nothing */
  view?(project: string, name: string): Promise<ServedView | undefined>
}

/** The rows that lookups of a view begin with, and what their columns mean. */
export interface ServedView {
  generation: string
  /** of the Parquet file */
  digest: string
  plan: Omit<RoutedView, 'name' | 'generation' | 'position'> & { keys: string[] }
  version: number | null
  position: number | null
}

const kinds = { int: 'number', float: 'number', time: 'number', date: 'number', bool: 'bool', text: 'text' } as const

/**
 * What an endpoint declares to look up, as inference processes read it: `latest` is the version that is the latest now.
 * What cannot be had is said in it, for whoever would serve it.
 */
export async function routedFeatures(
  datasets: ServingDatasets,
  project: string,
  spec: NonNullable<EndpointSpec['features']>,
): Promise<RoutedFeatures> {
  if ('view' in spec) return featuresOfView(datasets, project, spec)
  const { from, key, columns, missing } = spec
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

/** The same for a feature view. */
async function featuresOfView(
  datasets: ServingDatasets,
  project: string,
  { view, key, columns, missing }: Extract<NonNullable<EndpointSpec['features']>, { view: string }>,
): Promise<RoutedFeatures> {
  const routed = { key: key ?? '', missing, columns: [], digest: '', source: view }
  const base = await datasets.view?.(project, view)
  if (!base) return { ...routed, problem: `the feature view ${view} has no rows yet, or does not exist` }
  const { keys, request, onDemand, ...plan } = base.plan
  const known = new Map(plan.features.map(({ name, type }) => [name, kinds[type]]))
  const wanted = columns ?? [...known.keys(), ...onDemand.map(({ name }) => name)]
  // what is computed on demand may be made of any feature of the view
  const computed = onDemand.some(({ name }) => wanted.includes(name)) ? onDemand : []
  const looked = computed.length > 0 ? [...known.keys()] : wanted
  const unknown = wanted.filter((name) => !known.has(name) && !onDemand.some((one) => one.name === name))
  const problem =
    unknown.length > 0
      ? `the feature view ${view} has no feature ${unknown.join(', ')}`
      : keys.length > 1
        ? `an entity of ${view} is named by ${keys.join(' and ')}, and an endpoint looks up by one of its features`
        : undefined
  return {
    ...routed,
    key: key ?? keys[0]!,
    digest: base.digest,
    source: `${view}@${base.version ?? 0}`,
    columns: looked.flatMap((name) => (known.has(name) ? [{ name, type: known.get(name)! }] : [])),
    view: { name: view, generation: base.generation, position: base.position, request, onDemand: computed, ...plan },
    ...(problem === undefined ? {} : { problem }),
  }
}
