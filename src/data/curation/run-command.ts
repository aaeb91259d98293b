import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Executor } from '../../contracts/executor.ts'
import { KedgeError } from '../../errors.ts'
import { engineTypes, quoteName, quoteText } from '../expression/sql-text.ts'
import type { RunEngine } from '../version/run-engine.ts'
import { checkNames } from './check-names.ts'
import type { CommandInput } from './compile-curation.ts'
import { asColumns, readValue } from './engine-column.ts'
import { asColumn } from './relation.ts'

export interface CommandDeps {
  engine: RunEngine
  executors: readonly Executor[]
  /** files of this run */
  folder: string
  /** folders that no command may look into */
  hidden: string[]
  name: string
  signal?: AbortSignal | undefined
}

/** What a command may see of Kedge's own environment. */
const passed = /^(LANG|LC_[A-Z]+|TZ|SSL_CERT_(FILE|DIR)|OPENBLAS_(CORETYPE|L2_SIZE))$/
/** Columns of the file that are not the dataset's. */
const own = ['_row', '_reason']

/**
 * Does a step that is a command: the rows before it are written to a Parquet file with `_row`, what the command writes is
 * read back and each row is found again by its `_row`. Errors: `invalid_input` says how the command failed or what is
 * wrong with its file, with the end of what it printed.
 */
export const createRunCommand =
  (deps: CommandDeps) =>
  async ({ step, where, run, rows, params, settings, verdict }: CommandInput) => {
    const { engine } = deps
    const folder = join(deps.folder, `command-${step}`)
    const file = (name: string) => `file(${quoteText(join(folder, name))}, Parquet)`
    await mkdir(join(folder, 'work', '.tmp'), { recursive: true })
    for (const [name, contents] of Object.entries(run.files)) await writeFile(join(folder, 'work', name), contents)

    const state = ['__row', '__verdict', '__value']
    const names = rows.columns.map(({ name }) => quoteName(name))
    await engine.command(
      `INSERT INTO FUNCTION ${file('all.parquet')} SELECT ${[...names, ...state].join(', ')} FROM (${rows.sql}) ORDER BY __row`,
      params,
      settings,
    )
    await engine.command(
      `INSERT INTO FUNCTION ${file('input.parquet')} SELECT ${names.join(', ')}, __row AS _row FROM ${file('all.parquet')} WHERE __verdict = 0`,
    )
    await execute(deps, where, folder, run)

    const found = await engine
      .query<{ name: string; type: string }>(`DESCRIBE TABLE ${file('work/output.parquet')}`)
      .catch((cause) => {
        throw failed(where, 'wrote no Parquet file to $KEDGE_OUTPUT', '', cause)
      })
    if (!found.some(({ name }) => name === '_row')) throw failed(where, 'wrote rows without their _row', '')
    const engineColumns = found.filter(({ name }) => !own.includes(name))
    const columns = asColumns(engineColumns)
    checkNames(
      columns.map(({ name }) => name),
      where,
    )
    const [wrong] = await engine.query<{ strange: number; again: number }>(
      `SELECT countIf(_row IS NULL OR toUInt64(ifNull(_row, 0)) NOT IN (SELECT _row FROM ${file('input.parquet')})) AS strange, count() - uniqExact(_row) AS again FROM ${file('work/output.parquet')}`,
    )
    if (Number(wrong?.strange ?? 0) > 0)
      throw failed(where, `wrote ${wrong!.strange} rows with a _row that it was not given`, '')
    if (Number(wrong?.again ?? 0) > 0) throw failed(where, `wrote ${wrong!.again} rows twice`, '')

    const refused = verdict('quarantine', 'refused by the command')
    const gone = verdict('remove', 'not written by the command')
    const reason = found.some(({ name }) => name === '_reason')
    const value = (sql: string) => `CAST(${sql}, 'Nullable(String)') AS __value`
    const missing = columns.map(
      ({ name, type }) => `CAST(NULL, ${quoteText(`Nullable(${engineTypes[type]})`)}) AS ${quoteName(name)}`,
    )
    const kept = engineColumns.map(
      (column, i) => `${asColumn(readValue(column), columns[i]!.type)} AS ${quoteName(column.name)}`,
    )
    const sql = [
      `SELECT ${[...kept, 'toUInt64(assumeNotNull(s._row)) AS __row', `toUInt16(${reason ? `if(s._reason IS NULL, 0, ${refused})` : 0}) AS __verdict`, value(reason ? 'leftUTF8(toString(s._reason), 200)' : 'NULL')].join(', ')} FROM ${file('work/output.parquet')} AS s`,
      `SELECT ${[...missing, 'a.__row AS __row', `toUInt16(if(a.__verdict = 0, ${gone}, a.__verdict)) AS __verdict`, value('a.__value')].join(', ')} FROM ${file('all.parquet')} AS a WHERE a.__verdict != 0 OR a.__row NOT IN (SELECT toUInt64(assumeNotNull(_row)) FROM ${file('work/output.parquet')})`,
    ].join(' UNION ALL ')
    await rm(join(folder, 'input.parquet'), { force: true })
    return { sql, columns }
  }

async function execute(deps: CommandDeps, where: string, folder: string, run: CommandInput['run']) {
  const executor = await available(deps.executors, where)
  const work = join(folder, 'work')
  const input = join(work, 'input.parquet')
  await symlink(join(folder, 'input.parquet'), input)
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && passed.test(name)) env[name] = value
  Object.assign(env, {
    HOME: join(work, '.tmp'),
    TMPDIR: join(work, '.tmp'),
    PYTHONDONTWRITEBYTECODE: '1',
    KEDGE_INPUT: input,
    KEDGE_OUTPUT: join(work, 'output.parquet'),
    PATH: `${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}:${dirname(process.execPath)}`,
  })
  const printed: Buffer[] = []
  const outcome = await executor.run(
    {
      name: deps.name,
      command: run.command,
      folder: work,
      env,
      readable: [join(folder, 'input.parquet')],
      hidden: deps.hidden,
      network: 'none',
      serverPort: undefined,
      limits: { cpus: 2, memoryBytes: run.memoryBytes, timeoutMs: run.timeoutMs, outputBytes: 2 ** 20 },
    },
    { signal: deps.signal ?? new AbortController().signal, onOutput: (chunk) => printed.push(chunk) },
  )
  deps.signal?.throwIfAborted()
  if (outcome.reason === 'exit' && outcome.exitCode === 0) return
  const how =
    outcome.reason === 'exit'
      ? `ended with ${outcome.exitCode}`
      : ({ timeout: 'took longer than its timeout', memory: 'needed more than its memory' }[outcome.reason as string] ??
        `was ended (${outcome.reason})`)
  throw failed(where, how, Buffer.concat(printed).toString().trim().slice(-2000))
}

async function available(executors: readonly Executor[], where: string): Promise<Executor> {
  for (const kind of ['sandbox', 'process']) {
    const found = executors.find((one) => one.kind === kind)
    if (found && (await found.available()).available) return found
  }
  throw new KedgeError('executor_unavailable', { executor: 'sandbox', why: `${where}: no executor runs here` })
}

const failed = (where: string, how: string, printed: string, cause?: unknown) =>
  new KedgeError(
    'invalid_input',
    { what: `${where}: the command ${how}${printed ? `; it printed: ${printed}` : ''}` },
    { cause },
  )
