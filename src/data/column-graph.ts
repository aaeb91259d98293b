import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import { type ColumnOrigin, columnLineage, columnsIn } from './column-lineage.ts'
import { type DataExtensions, datasetsOf } from './dataset-spec.ts'
import type { Declarations } from './declarations.ts'
import { columnsOfOthers } from './declared-columns.ts'
import { nearest } from './expression/nearest.ts'
import type { Features } from './feature/features.ts'
import { chooseFeatures } from './feature/training-set.ts'
import type { Versions } from './version/versions.ts'

/** A column of a source or dataset, a feature of a view, or a column of a training set. */
export interface LineageColumn {
  kind: 'source' | 'dataset' | 'feature_view' | 'training_set' | 'external_dataset'
  name: string
  column: string
}

export interface ColumnEdge {
  to: LineageColumn
  from: LineageColumn
  how: ColumnOrigin['how']
}

export interface ColumnGraph {
  /** with their distance from the one asked for; negative towards their sources */
  columns: (LineageColumn & { distance: number })[]
  edges: ColumnEdge[]
  /** datasets whose columns cannot be followed: a command makes them, or they have no version yet */
  unknown: string[]
}

export interface ColumnLineages {
  /** What each column of a dataset or training set is made of; undefined where nobody knows. */
  of(project: string, dataset: string): Promise<Map<string, ColumnOrigin[]> | undefined>
  /** Everything that a column came from and everything that came from it. Errors: `not_found`. */
  trace(project: string, of: LineageColumn): Promise<ColumnGraph>
}

const keyOf = ({ kind, name, column }: LineageColumn) => `${kind}/${name}/${column}`

/** Lineage of columns, from the declarations and the columns that the sources were found to have. */
export function createColumnLineages({
  environment: { store, journal },
  declarations,
  versions,
  features,
  extensions,
}: {
  environment: Pick<Environment, 'store' | 'journal'>
  declarations: Declarations
  versions: Versions
  features: Features
  extensions: DataExtensions
}): ColumnLineages {
  async function ofDataset(project: string, name: string) {
    const spec = declarations.parseDataset(name, (await declarations.dataset(project, name)).spec)
    const row = await store.read
      .selectFrom('dataset_versions')
      .select('source_schema')
      .where('project', '=', project)
      .where('dataset', '=', name)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!row) return undefined
    const names = datasetsOf(spec, extensions)
    const others = await columnsOfOthers(versions, project, names)
    if (names.some((dataset) => !others.has(dataset))) return undefined
    return columnLineage(spec, fromJson(row.source_schema), extensions.operations, others)
  }

  /** Edges from a view's features to the columns of its dataset. */
  async function viewEdges(project: string): Promise<ColumnEdge[]> {
    const edges: ColumnEdge[] = []
    for (const view of await features.views.list(project)) {
      const planned = await features.planned(view).catch(() => undefined)
      for (const { name, input } of planned?.plan.features ?? [])
        for (const column of columnsIn(planned!.plan.inputs[input]!.sql))
          edges.push({
            to: { kind: 'feature_view', name: view.name, column: name },
            from: { kind: 'dataset', name: view.spec.from, column },
            how: 'derived',
          })
    }
    return edges
  }

  async function trainingEdges(project: string): Promise<ColumnEdge[]> {
    const edges: ColumnEdge[] = []
    for (const { name, spec } of await features.trainingSets.list(project)) {
      const labels = await versions.latest(project, spec.labels)
      for (const { name: column } of labels?.schema ?? [])
        edges.push({
          to: { kind: 'training_set', name, column },
          from: { kind: 'dataset', name: spec.labels, column },
          how: 'identity',
        })
      for (const { view, names } of await chooseFeatures(features, project, spec.features).catch(() => []))
        for (const column of names)
          edges.push({
            to: { kind: 'training_set', name, column },
            from: { kind: 'feature_view', name: view.name, column },
            how: 'identity',
          })
    }
    return edges
  }

  async function graph(project: string): Promise<{ edges: ColumnEdge[]; unknown: string[] }> {
    const unknown: string[] = []
    const edges: ColumnEdge[] = []
    for (const { name } of await declarations.datasets(project)) {
      const lineage = await ofDataset(project, name).catch(() => undefined)
      if (!lineage) unknown.push(name)
      for (const [column, origins] of lineage ?? [])
        for (const { how, ...from } of origins) edges.push({ to: { kind: 'dataset', name, column }, from, how })
    }
    const told = await journal.read({ project, types: ['lineage.received'], newestFirst: true, limit: 500 })
    for (const event of told) if (event.type === 'lineage.received') edges.push(...(event.data.columns as ColumnEdge[]))
    return { edges: [...edges, ...(await viewEdges(project)), ...(await trainingEdges(project))], unknown }
  }

  return {
    async of(project, name) {
      const set = await features.trainingSets.find(project, name)
      if (!set) return ofDataset(project, name)
      const through = [...(await trainingEdges(project)), ...(await viewEdges(project))]
      const lineage = new Map<string, ColumnOrigin[]>()
      for (const { to, from, how } of through) {
        if (to.kind !== 'training_set' || to.name !== name) continue
        const origins = lineage.get(to.column) ?? []
        if (from.kind === 'dataset') origins.push({ ...from, kind: 'dataset', how })
        else
          for (const edge of through)
            if (keyOf(edge.to) === keyOf(from)) origins.push({ ...edge.from, kind: 'dataset', how: 'derived' })
        lineage.set(to.column, origins)
      }
      return lineage
    },
    async trace(project, of) {
      const { edges, unknown } = await graph(project)
      const columns = new Map([[keyOf(of), { ...of, distance: 0 }]])
      const used = new Set<ColumnEdge>()
      if (!edges.some(({ to, from }) => [to, from].some((one) => keyOf(one) === keyOf(of)))) {
        const there = edges
          .flatMap(({ to, from }) => [to, from])
          .filter(({ kind, name }) => kind === of.kind && name === of.name)
        const hint = nearest(
          of.column,
          there.map(({ column }) => column),
        )
        throw new KedgeError(
          'not_found',
          { kind: 'The column', name: `${of.name}.${of.column}` },
          hint ? { todo: `Did you mean ${hint}?` } : {},
        )
      }
      for (const [near, far, step] of [
        ['to', 'from', -1],
        ['from', 'to', 1],
      ] as const)
        for (let frontier = new Set([keyOf(of)]), distance = step; frontier.size > 0; distance += step) {
          const next = new Set<string>()
          for (const edge of edges) {
            if (!frontier.has(keyOf(edge[near]))) continue
            used.add(edge)
            const key = keyOf(edge[far])
            if (columns.has(key)) continue
            columns.set(key, { ...edge[far], distance })
            next.add(key)
          }
          frontier = next
        }
      return { columns: [...columns.values()], edges: [...used], unknown }
    },
  }
}
