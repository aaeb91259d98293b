import type { z } from 'zod'
import type { Column } from '../contracts/column.ts'
import type { Data } from '../data/data.ts'
import type { DatasetSpec } from '../data/dataset-spec.ts'
import type { ProjectPart } from './project-part.ts'

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** The section `features`: a view is checked against the columns that its dataset will have, as far as these are known. */
export function featureViewPart(
  { datasets, features }: Pick<Data, 'datasets' | 'features'>,
  datasetSpec: z.ZodType<DatasetSpec>,
): ProjectPart {
  /** Of the dataset as the file declares it; of its latest version where its source has not been looked at. */
  async function columnsOf(project: string, name: string, spec: DatasetSpec | undefined, source: unknown) {
    const declared: Column[] | undefined =
      spec && source !== undefined
        ? await datasets.columnsOf(project, name, spec, source).catch(() => undefined)
        : undefined
    return declared ?? (await datasets.latest(project, name))?.schema
  }
  return {
    kind: 'feature_view',
    list: async (project) => (await features.views.list(project)).map(({ name, spec }) => ({ name, spec })),
    put: async (context, project, name, spec) => void (await features.views.put(context, project, name, spec)),
    async check({ project, given, content }) {
      const { from } = record(given)
      if (typeof from !== 'string') return []
      const parsed = datasetSpec.safeParse(record(content.datasets)[from])
      const columns = await columnsOf(
        project,
        from,
        parsed.data,
        parsed.data && record(content.sources)[parsed.data.from],
      )
      if (!columns) return []
      const mistakes = features.checkView(given, columns, parsed.data?.time)
      return mistakes.map(({ path, what }) => ({ path, what, at: 'value' as const }))
    },
    remove: features.views.remove,
  }
}
