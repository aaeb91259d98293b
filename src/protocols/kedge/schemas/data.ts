import { z } from 'zod'
import { columnTypes } from '../../../contracts/column.ts'

const time = z.number().meta({ description: 'milliseconds since 1970' })
const column = z.object({ name: z.string(), type: z.enum(columnTypes) })

export const sourceAnswer = z
  .object({
    project: z.string(),
    name: z.string(),
    kind: z.string(),
    config: z.record(z.string(), z.unknown()),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Source' })

const foundSettings = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .meta({ description: 'settings that were found by looking, as they could be declared' })

export const sourceTestAnswer = z
  .object({
    ok: z.boolean(),
    milliseconds: z.number(),
    schema: z.array(column).optional(),
    found: foundSettings.optional(),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        todo: z.string(),
        places: z.array(z.object({ where: z.string(), what: z.string() })).optional(),
      })
      .optional(),
  })
  .meta({ id: 'SourceTest' })

/** Rows as arrays in the order of the columns; times and dates in milliseconds since 1970. */
export const rowsAnswer = z
  .object({ columns: z.array(column), rows: z.array(z.array(z.unknown())), total: z.number().nullable() })
  .meta({ id: 'Rows' })

export const queryAnswer = rowsAnswer
  .extend({
    milliseconds: z.number(),
    cut: z.boolean().meta({ description: 'there were more rows than were asked for' }),
  })
  .meta({ id: 'QueryAnswer' })

export const sourcePreviewAnswer = rowsAnswer.extend({ found: foundSettings }).meta({ id: 'SourcePreview' })

export const foundThere = z
  .object({ what: z.string(), title: z.string(), set: z.record(z.string(), z.string()) })
  .meta({ id: 'FoundThere', description: 'something to read; `set`: the settings that choose it' })

export const folderAnswer = z
  .object({
    path: z.string(),
    above: z.string().nullable(),
    items: z.array(
      z.object({ name: z.string(), path: z.string(), folder: z.boolean(), bytes: z.number(), changedAt: time }),
    ),
    more: z.boolean().meta({ description: 'there are more than these' }),
  })
  .meta({ id: 'Folder' })

const kind = z.object({
  kind: z.string(),
  title: z.string(),
  schema: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the configuration' }),
})
export const kindsAnswer = z
  .object({
    sources: z.array(
      kind.extend({
        discovers: z.boolean().meta({ description: 'it can say what there is to read at a place' }),
        stream: z.boolean(),
      }),
    ),
    operations: z.array(kind),
    expectations: z.array(kind),
  })
  .meta({ id: 'DataKinds' })

export const columnProfileAnswer = z
  .object({
    name: z.string(),
    type: z.enum(columnTypes),
    count: z.number().meta({ description: 'rows with a value' }),
    missing: z.number(),
    distinct: z.number().meta({ description: 'estimated, within about 1 %' }),
    min: z.union([z.number(), z.string()]).nullable(),
    max: z.union([z.number(), z.string()]).nullable(),
    mean: z.number().nullable(),
    deviation: z.number().nullable(),
    quantiles: z.record(z.string(), z.number()).nullable().meta({ description: 'p01 p05 p25 p50 p75 p95 p99' }),
    sketch: z
      .object({ keys: z.array(z.number()), counts: z.array(z.number()) })
      .nullable()
      .meta({ description: 'logarithmic buckets of 1 % relative accuracy, by rising key' }),
    histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number()) }).nullable(),
    categories: z
      .array(z.object({ value: z.string(), count: z.number() }))
      .nullable()
      .meta({ description: 'the most frequent values' }),
    otherCategories: z.number().meta({ description: 'rows whose value is not among the categories' }),
    lengths: z.object({ min: z.number(), max: z.number(), mean: z.number() }).nullish(),
    form: z
      .object({ is: z.string(), share: z.number() })
      .nullish()
      .meta({ description: 'the known form that texts have' }),
    patterns: z.array(z.object({ pattern: z.string(), share: z.number() })).nullish(),
    sensitive: z
      .object({ kind: z.string(), why: z.string() })
      .nullish()
      .meta({ description: 'why it may hold data about people' }),
  })
  .meta({ id: 'ColumnProfile' })

export const profileAnswer = z
  .object({
    rows: z.number(),
    columns: z.array(columnProfileAnswer),
    sample: z
      .object({
        rows: z.number(),
        correlations: z.array(z.object({ a: z.string(), b: z.string(), r: z.number() })),
        nearDuplicates: z.object({ rows: z.number(), examples: z.array(z.tuple([z.number(), z.number()])) }),
        label: z
          .object({
            column: z.string(),
            classes: z.array(z.object({ value: z.string(), share: z.number() })),
            imbalance: z.number().nullable(),
            leaks: z.array(z.object({ column: z.string(), share: z.number(), why: z.string() })),
          })
          .nullable(),
      })
      .optional()
      .meta({ description: 'what looking at some rows has found' }),
  })
  .meta({ id: 'Profile' })

export const expectationAnswer = z
  .object({
    kind: z.string(),
    title: z.string(),
    config: z.unknown(),
    severity: z.enum(['error', 'warn']).optional(),
    ok: z.boolean(),
    message: z.string(),
    observed: z.unknown().optional(),
    evidence: z
      .object({
        columns: z.array(z.string()),
        rows: z.array(z.object({ row: z.number(), values: z.array(z.unknown()) })),
      })
      .nullish()
      .meta({ description: 'the first rows at fault, by their position in the version' }),
  })
  .meta({ id: 'ExpectationResult' })

export const countsAnswer = z
  .object({
    read: z.number(),
    added: z.number().meta({ description: 'rows of other datasets, and repeated rows' }),
    kept: z.number(),
    quarantined: z.number(),
    removed: z.number(),
    steps: z.array(
      z.object({
        step: z.number(),
        operation: z.string(),
        added: z.number().optional(),
        quarantined: z.number(),
        removed: z.number(),
      }),
    ),
  })
  .meta({ id: 'VersionCounts', description: 'read + added = kept + quarantined + removed; step 0 is reading' })

export const datasetVersionSummary = z
  .object({
    project: z.string(),
    dataset: z.string(),
    version: z.number(),
    state: z.enum(['published', 'rejected']),
    digest: z.string(),
    parts: z.array(z.object({ digest: z.string(), bytes: z.number(), rows: z.number() })),
    bytes: z.number(),
    rowCount: z.number(),
    schema: z.array(column),
    window: z.object({ from: time, to: time }).nullable(),
    label: z.string().nullable(),
    specDigest: z.string(),
    sources: z.array(
      z.object({ name: z.string(), kind: z.string(), configDigest: z.string(), state: z.string(), rows: z.number() }),
    ),
    expectations: z.array(expectationAnswer),
    quarantine: z
      .object({
        digest: z.string(),
        rows: z.number(),
        reasons: z.array(z.object({ step: z.number(), operation: z.string(), reason: z.string(), rows: z.number() })),
      })
      .nullable(),
    counts: countsAnswer,
    parent: z.number().nullable(),
    actor: z.string(),
    createdAt: time,
    pinned: z.boolean(),
    purgedAt: time.nullable().meta({ description: 'when the retention took its rows away' }),
    eventId: z.number().nullable(),
  })
  .meta({ id: 'DatasetVersionSummary' })

export const datasetVersionAnswer = datasetVersionSummary
  .extend({ profile: profileAnswer })
  .meta({ id: 'DatasetVersion' })

export const datasetAnswer = z
  .object({
    project: z.string(),
    name: z.string(),
    spec: z.record(z.string(), z.unknown()),
    specDigest: z.string(),
    latest: datasetVersionSummary.nullable(),
    versions: z.number(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'DatasetState' })

export const materialiseBody = z
  .strictObject({
    from: time.optional().meta({ description: 'first event time, inclusive' }),
    to: time.optional().meta({ description: 'end of the window, exclusive' }),
    label: z.string().max(200).optional(),
  })
  .refine((body) => (body.from === undefined) === (body.to === undefined), 'from and to come together')
  .refine((body) => body.from === undefined || body.from < body.to!, 'from is before to')

export const materialiseAnswer = z.object({ jobId: z.number() }).meta({ id: 'MaterialiseAnswer' })

export const columnDiffAnswer = z
  .object({
    name: z.string(),
    type: z.enum(columnTypes),
    missing: z.object({ a: z.number(), b: z.number() }).meta({ description: 'share of rows' }),
    mean: z.object({ a: z.number().nullable(), b: z.number().nullable() }),
    distinct: z.object({ a: z.number(), b: z.number() }),
    distance: z
      .object({ metric: z.string(), value: z.number(), definition: z.string() })
      .nullable()
      .meta({ description: '0 for the same distribution' }),
    bins: z
      .array(z.object({ label: z.string(), a: z.number(), b: z.number() }))
      .meta({ description: 'shares of both versions over common bins, to draw' }),
  })
  .meta({ id: 'ColumnDiff' })

export const diffAnswer = z
  .object({
    a: datasetVersionSummary,
    b: datasetVersionSummary,
    schema: z.object({
      added: z.array(column),
      removed: z.array(column),
      changed: z.array(z.object({ name: z.string(), from: z.enum(columnTypes), to: z.enum(columnTypes) })),
    }),
    rows: z.object({ a: z.number(), b: z.number(), common: z.number(), added: z.number(), removed: z.number() }),
    keys: z
      .object({
        by: z.array(z.string()),
        added: z.number(),
        removed: z.number(),
        changed: z.number(),
        repeated: z.number().meta({ description: 'keys that stand more than once in one version' }),
        columns: z.record(z.string(), z.number()).nullable().meta({ description: 'changed rows by column' }),
        examples: z.array(
          z.object({ kind: z.enum(['added', 'removed', 'changed']), key: z.record(z.string(), z.unknown()) }),
        ),
      })
      .nullable(),
    columns: z.array(columnDiffAnswer),
  })
  .meta({ id: 'DatasetDiff' })

export const previewBody = z.strictObject({
  spec: z.record(z.string(), z.unknown()).meta({ description: 'a declaration of a dataset: from, time, curate' }),
  column: z.string().optional().meta({ description: 'whose distribution is shown before and after each step' }),
  rows: z.number().int().min(1).max(1_000_000).default(10_000),
})

export const previewAnswer = z
  .object({
    sampled: z.number(),
    steps: z.array(
      z.object({
        step: z.number(),
        operation: z.string(),
        in: z.number(),
        out: z.number(),
        added: z.number(),
        quarantined: z.number(),
        removed: z.number(),
        reasons: z.array(z.object({ reason: z.string(), rows: z.number() })),
        columns: z.array(column).meta({ description: 'after the step' }),
        histogram: z
          .object({ labels: z.array(z.string()), before: z.array(z.number()), after: z.array(z.number()) })
          .nullable(),
      }),
    ),
    columns: z.array(column),
    rows: z.array(z.array(z.unknown())),
    quarantine: z.array(
      z.object({
        row: z.number(),
        step: z.number(),
        operation: z.string(),
        reason: z.string(),
        value: z.string().nullable(),
      }),
    ),
    sql: z.string().meta({ description: 'the statement that the steps are compiled to' }),
  })
  .meta({ id: 'CurationPreview' })

export const sqlAnswer = z
  .object({
    sql: z.string(),
    steps: z.array(z.object({ step: z.number(), operation: z.string(), sql: z.string() })),
  })
  .meta({ id: 'CurationSql' })

export const suggestionAnswer = z
  .object({ expectation: z.record(z.string(), z.unknown()), why: z.string() })
  .meta({ id: 'ExpectationSuggestion' })

export const correctionAnswer = z
  .object({
    id: z.number(),
    version: z.number(),
    original: z.record(z.string(), z.string().nullable()),
    corrected: z.record(z.string(), z.string().nullable()),
    actor: z.string(),
    createdAt: time,
  })
  .meta({ id: 'Correction' })

export const timelineAnswer = z
  .object({
    version: z.number(),
    state: z.enum(['published', 'rejected']),
    createdAt: time,
    rows: z.number(),
    quarantined: z.number(),
    failing: z.array(z.string()),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.enum(columnTypes),
        missing: z.number().meta({ description: 'share of rows' }),
        distinct: z.number(),
        mean: z.number().nullable(),
        deviation: z.number().nullable(),
        quantiles: z.record(z.string(), z.number()).nullable(),
      }),
    ),
  })
  .meta({ id: 'VersionTimelineEntry' })
