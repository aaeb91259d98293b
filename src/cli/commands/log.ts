import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { listOf, nameAndValue } from '../option-values.ts'
import { sendLogFile } from '../send-log-file.ts'

interface ColumnOptions {
  id?: string
  time?: string
  score?: string
  label?: string
  actual?: string
  versionColumn?: string
  latency?: string
  map?: Record<string, string>
  ignore?: string[]
}

interface Options extends ColumnOptions {
  endpoint: string
  format?: string
  modelVersion?: string
  reference?: boolean
  dryRun?: boolean
}

/** Adds `kedge log`. */
export function addLog(program: Command, act: Act): void {
  const command = program
    .command('log <file>')
    .description(
      'Record what a model that is served elsewhere has predicted: a whole Parquet, CSV, JSONL or Arrow file',
    )
    .requiredOption('-e, --endpoint <name>', 'the endpoint; made when it does not exist')
    .option('--reference', 'the rows are what the model is compared with, no predictions')
    .option('--id <column>', 'id of a prediction; its place in the file when there is none')
    .option('--time <column>', 'when it was made')
    .option('--score <column>', 'a probability, or a predicted number')
    .option('--label <column>', 'a predicted class')
    .option('--actual <column>', 'what really happened, where it is known')
    .option('--version-column <column>', 'the version of the model')
    .option('--latency <column>', 'milliseconds')
    .option('--model-version <name>', 'the version of the model that made all rows; of a reference: that it is for')
    .option('--map <feature=column>', 'a feature and its column; all other columns when absent', nameAndValue)
    .option('--ignore <columns>', 'columns that are left out, separated by commas', listOf)
    .option('--format <form>', 'parquet, csv, jsonl or arrow; by the name of the file when absent')
    .option('--dry-run', 'only show how the columns are read')
    .addHelpText(
      'after',
      '\nColumns are found by their names where nothing is said. The same command goes on after an interruption.\n\nExamples:\n  $ kedge log march.parquet --endpoint scores\n  $ kedge log march.csv --endpoint scores --time made_at --score p --actual churned --version-column model\n  $ kedge log training.parquet --endpoint scores --reference --actual churned',
    )
  act<Options>(command, async (context, options, [file]) => {
    const { endpoint, format, modelVersion, reference, dryRun } = options
    const { terminal, world } = context
    const { plan, logged } = await sendLogFile(
      context,
      {
        path: resolve(world.cwd, file!),
        endpoint,
        format,
        kind: reference ? 'reference' : 'predictions',
        columns: columnsOf(options),
        ...(modelVersion === undefined ? {} : { version: modelVersion }),
      },
      dryRun === true,
    )
    terminal.answer(logged ?? plan, () =>
      logged
        ? reference
          ? `${logged.rows.toLocaleString('en')} rows are what ${endpoint} is compared with`
          : `${logged.rows.toLocaleString('en')} predictions are on record at ${endpoint}${logged.again > 0 ? ` (${logged.again} parts were there already)` : ''}`
        : `${plan.rows.toLocaleString('en')} rows would be taken`,
    )
  })
}

const columnsOf = ({ id, time, score, label, actual, versionColumn: version, latency, map, ignore }: ColumnOptions) =>
  Object.fromEntries(
    Object.entries({ id, time, score, label, actual, version, latency, features: map, ignore }).filter(
      ([, value]) => value !== undefined,
    ),
  )
