import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { sendLogFile } from '../send-log-file.ts'

interface Options {
  endpoint: string
  id?: string
  value?: string
  format?: string
  dryRun?: boolean
}

/** Adds `kedge actuals`. */
export function addActuals(program: Command, act: Act): void {
  const command = program
    .command('actuals <file>')
    .description('Record what really happened, by prediction id: a whole Parquet, CSV, JSONL or Arrow file')
    .requiredOption('-e, --endpoint <name>', 'the endpoint that predicted')
    .option('--id <column>', 'id of the prediction')
    .option('--value <column>', 'what happened: a number, a truth value or a class')
    .option('--format <form>', 'parquet, csv, jsonl or arrow; by the name of the file when absent')
    .option('--dry-run', 'only show how the columns are read')
    .addHelpText(
      'after',
      '\nActuals may come late, in any order, before their prediction, more than once and corrected: the last holds.\n\nExamples:\n  $ kedge actuals outcomes.csv --endpoint scores --id request --value churned',
    )
  act<Options>(command, async (context, { endpoint, id, value, format, dryRun }, [file]) => {
    const { terminal, world } = context
    const columns = { ...(id === undefined ? {} : { id }), ...(value === undefined ? {} : { actual: value }) }
    const { plan, logged } = await sendLogFile(
      context,
      { path: resolve(world.cwd, file!), endpoint, format, kind: 'actuals', columns },
      dryRun === true,
    )
    terminal.answer(logged ?? plan, () =>
      logged
        ? [
            `${logged.rows.toLocaleString('en')} actuals are on record at ${endpoint}, ${logged.changed.toLocaleString('en')} of them new or corrected`,
            ...(logged.unknown > 0 ? [`${logged.unknown.toLocaleString('en')} wait for a prediction of their id`] : []),
          ].join('\n')
        : `${plan.rows.toLocaleString('en')} rows would be taken`,
    )
  })
}
