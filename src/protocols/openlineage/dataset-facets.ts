import type { ColumnOrigin } from '../../data/column-lineage.ts'
import type { DatasetVersion } from '../../data/version/dataset-version.ts'
import { facet, namespaceOf, sourceNamespace } from './run-event.ts'

const types = {
  int: 'int64',
  float: 'float64',
  text: 'string',
  bool: 'boolean',
  time: 'timestamp',
  date: 'date',
} as const

/** What a version tells of itself: columns, number, what its profile has found. */
export function versionFacets(version: DatasetVersion): Record<string, object> {
  return {
    schema: facet('SchemaDatasetFacet', '1-2-0', {
      fields: version.schema.map(({ name, type }) => ({ name, type: types[type] })),
    }),
    version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: String(version.version) }),
    dataQualityMetrics: facet('DataQualityMetricsDatasetFacet', '1-0-1', {
      rowCount: version.rowCount,
      bytes: version.bytes,
      fileCount: version.parts.length,
      captureDate: new Date(version.createdAt).toISOString(),
      columnMetrics: metricsOf(version),
    }),
  }
}

function metricsOf({ profile, rowCount }: DatasetVersion) {
  return Object.fromEntries(
    profile.columns.map((column) => [
      column.name,
      {
        nullCount: column.missing,
        distinctCount: column.distinct,
        count: rowCount - column.missing,
        ...(column.quantiles ? { quantiles: column.quantiles } : {}),
      },
    ]),
  )
}

/** What a reader of a version knows of its quality. */
export const qualityFacets = (version: DatasetVersion): Record<string, object> => ({
  dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', '1-0-3', {
    rowCount: version.rowCount,
    bytes: version.bytes,
    columnMetrics: metricsOf(version),
  }),
  ...(version.expectations.length === 0
    ? {}
    : {
        dataQualityAssertions: facet('DataQualityAssertionsDatasetFacet', '1-1-0', {
          assertions: version.expectations.map((one) => {
            const column = (one.config as { column?: unknown } | null)?.column
            return {
              assertion: one.kind,
              success: one.ok,
              severity: one.severity ?? 'error',
              description: one.message,
              ...(typeof column === 'string' ? { column } : {}),
            }
          }),
        }),
      }),
})

/** Where each column came from. */
export function lineageFacet(project: string, lineage: ReadonlyMap<string, readonly ColumnOrigin[]>): object {
  return facet('ColumnLineageDatasetFacet', '1-2-0', {
    fields: Object.fromEntries(
      [...lineage].map(([column, origins]) => [
        column,
        {
          inputFields: origins.map(({ kind, name, column: field, how }) => ({
            namespace: kind === 'source' ? sourceNamespace(project) : namespaceOf(project),
            name,
            field,
            transformations: [
              {
                type: 'DIRECT',
                subtype: how === 'identity' ? 'IDENTITY' : 'TRANSFORMATION',
                masking: how === 'masked',
              },
            ],
          })),
        },
      ]),
    ),
  })
}
