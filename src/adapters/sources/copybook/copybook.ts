import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { defineSource, type SourceEnvironment } from '../../../contracts/source.ts'
import { KedgeError } from '../../../errors.ts'
import { compileCopybook } from '../../../mainframe/compile-copybook.ts'
import { makePlan } from '../../../mainframe/make-plan.ts'
import { memberFiles } from '../../../mainframe/member-files.ts'
import { checkFileSize } from '../../../mainframe/record-form.ts'
import { faultReasons } from '../../../mainframe/rows.ts'
import { rowsOfFiles } from '../many-files.ts'
import { quotedName } from '../sql-name.ts'
import { type CopybookConfig, copybookConfig, decodeOptions, recordForm } from './copybook-config.ts'
import { landInThread } from './land-in-thread.ts'
import { faultFound, faultNumber, type LandRecords, landedColumns, position } from './land-records.ts'

/** Raised when the same file would give other rows than before. */
const codeVersion = 1

export default defineSource({
  kind: 'copybook',
  title: 'A file of records from a mainframe (EBCDIC, packed numbers …) that a COBOL copybook describes',
  config: copybookConfig,
  async open(config, environment) {
    const files = await environment.localFiles(config)
    const options = decodeOptions(config)
    const layout = await compileCopybook(await copybookText(config, environment), memberOf(config, environment), {
      format: config.format,
      decimalComma: config.decimal_comma,
    })
    const plan = makePlan(layout, options)
    const form = recordForm(config, plan.longest)
    if (form.records === 'fixed' && plan.fixed && form.length < plan.longest)
      throw new KedgeError('invalid_input', {
        what: `length: ${form.length} bytes are less than the ${plan.longest} of the record ${plan.record}`,
      })
    for (const path of files.pattern?.files ?? [files.path]) checkFileSize((await stat(path)).size, form, plan.record)
    const meaning = createHash('sha256')
      .update(JSON.stringify([codeVersion, plan, options, form]))
      .digest('hex')
    const columns = landedColumns(plan)
    const structure = columns.map(({ name, type }) => `${quotedName(name)} ${type}`).join(', ')
    const found = columns.slice(0, plan.columns.length)
    const ofAll = rowsOfFiles(files, {
      columns: found,
      selected: columns.filter(({ name }) => name !== position).map(({ name }) => quotedName(name)),
      from: 'file({path:String}, Native, {structure:String})',
    })
    return {
      sql: '',
      params: {},
      columns: ofAll.columns,
      ...(files.pattern ? { types: ofAll.types!, settings: ofAll.settings!, file: ofAll.file! } : {}),
      unreadable: faultReasons.flatMap((reason, i) =>
        i === 0 ? [] : [{ when: `s.${faultNumber} = ${i}`, reason, value: `s.${faultFound}` }],
      ),
      rowNumber: `s.${position}`,
      state: async () => `${await files.digest()}:${meaning}`,
      stable: true,
      async land(folder, { rows, signal }) {
        if (!files.pattern) {
          const to = join(folder, 'records.native')
          await landInThread([{ from: files.path, to, plan, options, form, rows }], signal)
          return { sql: 'file({path:String}, Native, {structure:String})', params: { path: to, structure } }
        }
        const works: LandRecords[] = []
        for (const from of files.pattern.files) {
          const name = relative(files.pattern.folder, from)
          const to = join(folder, 'records', name)
          await mkdir(dirname(to), { recursive: true })
          works.push({ from, to, plan, options, form, rows, name })
        }
        await landInThread(works, signal)
        return { sql: ofAll.sql, params: { path: join(folder, 'records', '**'), structure } }
      },
    }
  },
})

async function copybookText({ copybook }: CopybookConfig, environment: SourceEnvironment): Promise<string> {
  return 'text' in copybook ? copybook.text : readText((await environment.localFile(copybook)).path)
}

/** Copybooks are ASCII or UTF-8 by the time they are here; a byte that is neither stands in a comment. */
const readText = (path: string) => readFile(path, 'latin1')

/** The text of what COPY names: by `members`, else from the library's folder. */
const memberOf =
  ({ library, members = {} }: CopybookConfig, environment: SourceEnvironment) =>
  async (name: string): Promise<string> => {
    const listed = Object.entries(members).find(([member]) => member.toUpperCase() === name.toUpperCase())
    if (listed) return readText((await environment.localFile({ path: listed[1] })).path)
    if (library !== undefined)
      for (const file of memberFiles(name))
        try {
          return await readText((await environment.localFile({ path: join(library, file) })).path)
        } catch (error) {
          if (!(error instanceof KedgeError) || error.code !== 'not_found') throw error
        }
    throw new KedgeError(
      'not_found',
      { kind: 'The copybook', name },
      { todo: 'Name its file in members, or the folder it is in as library.' },
    )
  }
