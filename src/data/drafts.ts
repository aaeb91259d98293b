import { rm } from 'node:fs/promises'
import type { OtherRows } from '../contracts/curation.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { compileCuration, type Pipeline } from './curation/compile-curation.ts'
import { type Preview, previewCuration } from './curation/preview-curation.ts'
import { type DataExtensions, type DatasetSpec, datasetsOf } from './dataset-spec.ts'
import type { Declarations } from './declarations.ts'
import { judgeExpectations } from './expect/judge-expectations.ts'
import { type Suggestion, suggestExpectations } from './expect/suggest-expectations.ts'
import { landed } from './source/landed.ts'
import { openSource } from './source/open-source.ts'
import type { SourceAccess } from './source/source-access.ts'
import { sourceError } from './source/source-error.ts'
import type { ExpectationResult } from './version/dataset-version.ts'
import { createRunEngine } from './version/run-engine.ts'
import { runFolder } from './version/run-folder.ts'
import type { VersionFiles } from './version/version-files.ts'
import type { Versions } from './version/versions.ts'

export interface PreviewOptions {
  /** the column whose distribution is shown before and after each step */
  column?: string | undefined
  /** rows of the source that are looked at */
  rows?: number | undefined
}

export interface CurationSql {
  /** the whole statement; gives the columns, `__row`, `__verdict` and `__value` of every row */
  sql: string
  steps: { step: number; operation: string; sql: string }[]
}

/** What a declaration would do, without making a version. */
export interface Drafts {
  /** Does the steps on the first rows of the source. Errors: `invalid_input` names the step, `source_…`. */
  preview(project: string, spec: unknown, options?: PreviewOptions): Promise<Preview>
  /** The statement that a dataset's steps are compiled to, with what they have to know of the data in it. */
  sql(project: string, name: string): Promise<CurationSql>
  /** Judges expectations on a version that is there; nothing is kept. */
  check(project: string, name: string, version: number | string, expect: unknown): Promise<ExpectationResult[]>
  /** Expectations that a version speaks for. */
  suggest(project: string, name: string, version: number | string): Promise<Suggestion[]>
}

export interface DraftsDeps {
  engine: EventsStore
  access: SourceAccess
  extensions: DataExtensions
  declarations: Declarations
  versions: Versions
  files: VersionFiles
  dataDirectory: string
  clock(): number
}

const defaultRows = 10_000

export function createDrafts(deps: DraftsDeps): Drafts {
  const { access, extensions, declarations, versions, files } = deps
  const run = createRunEngine(deps.engine)

  async function othersOf(project: string, spec: Pick<DatasetSpec, 'curate' | 'expect'>) {
    const others = new Map<string, OtherRows>()
    for (const name of datasetsOf(spec, extensions))
      others.set(name, await files.rows(await versions.get(project, name, 'latest')))
    return others
  }

  async function compile<T>(
    project: string,
    spec: DatasetSpec,
    rows: number | undefined,
    act: (pipeline: Pipeline) => Promise<T>,
  ): Promise<T> {
    const source = await openSource(access, project, spec.from, (await declarations.source(project, spec.from)).config)
    const folder = runFolder(deps.dataDirectory)
    try {
      const table = await landed(source.table, folder, rows === undefined ? {} : { rows })
      const position = table.rowNumber ?? 'rowNumberInAllBlocks()'
      const pipeline = await compileCuration({
        table: {
          ...table,
          sql: `(SELECT *, toUInt64(${position}) AS __position FROM ${table.sql} AS s${rows === undefined ? '' : ` LIMIT ${rows}`})`,
          rowNumber: 's.__position',
        },
        time: spec.time,
        curate: spec.curate,
        operations: extensions.operations,
        others: await othersOf(project, spec),
        secret: ({ secret }) => access.secret(project, secret),
        aggregate: async (sql, params, settings) =>
          (await run.query<Record<string, unknown>>(sql, params, settings))[0] ?? {},
      })
      return await act(pipeline)
    } catch (error) {
      throw sourceError(error, spec.from, source.place ? `${spec.from} (${source.place})` : spec.from)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  const drafts: Drafts = {
    preview: (project, given, { column, rows = defaultRows } = {}) =>
      compile(project, declarations.parseDataset('draft', given), rows, (pipeline) =>
        previewCuration(run, pipeline, column),
      ),
    async sql(project, name) {
      const { spec } = await declarations.dataset(project, name)
      return compile(project, declarations.parseDataset(name, spec), undefined, async ({ sql, layers }) => ({
        sql,
        steps: layers.map((layer, step) => ({ step, operation: layer.operation, sql: layer.sql })),
      }))
    },
    async check(project, name, number, given) {
      const version = await versions.get(project, name, number)
      const { expect } = declarations.parseDataset('draft', { from: 'draft', expect: given })
      return judgeExpectations({
        engine: run,
        table: await files.table(version),
        numbered: (await files.rows(version)).sql,
        columns: version.schema,
        profile: version.profile,
        expect,
        expectations: extensions.expectations,
        others: await othersOf(project, { curate: [], expect }),
        reference: (which) => versions.reference(project, name, which),
        now: deps.clock(),
      })
    },
    async suggest(project, name, number) {
      const version = await versions.get(project, name, number)
      const suggested = suggestExpectations(version.profile)
      if (suggested.length === 0) return []
      const results = await drafts.check(
        project,
        name,
        version.version,
        suggested.map(({ expectation }) => expectation),
      )
      // the profile estimates; what does not hold exactly is no suggestion
      return suggested.filter((_, i) => results[i]!.ok)
    },
  }
  return drafts
}
