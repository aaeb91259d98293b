import { Command, CommanderError } from 'commander'
import { asKedgeError } from '../errors.ts'
import { version } from '../version.ts'
import { addActuals } from './commands/actuals.ts'
import { addApply } from './commands/apply.ts'
import { addBackup } from './commands/backup.ts'
import { addBench } from './commands/bench.ts'
import { addCheck } from './commands/check.ts'
import { addCompletion } from './commands/completion.ts'
import { addConvert } from './commands/convert.ts'
import { addCopybook } from './commands/copybook.ts'
import { addData } from './commands/data.ts'
import { addDeploy } from './commands/deploy.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExport } from './commands/export.ts'
import { addFeatures } from './commands/features.ts'
import { addGc } from './commands/gc.ts'
import { addGrafana } from './commands/grafana.ts'
import { addImport } from './commands/import.ts'
import { addJournal } from './commands/journal.ts'
import { addLineage } from './commands/lineage.ts'
import { addLog } from './commands/log.ts'
import { addLogs } from './commands/logs.ts'
import { addLoop } from './commands/loop.ts'
import { addReport } from './commands/report.ts'
import { addRestore } from './commands/restore.ts'
import { addRun } from './commands/run.ts'
import { addSecret } from './commands/secret.ts'
import { addServe } from './commands/serve.ts'
import { addStatus } from './commands/status.ts'
import { addToken } from './commands/token.ts'
import { type Act, createContext, defaultUrl, type World } from './context.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-code.ts'
import { createTerminal } from './terminal.ts'

/** Runs the CLI once; resolves with its exit code. Nothing is thrown. */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = 0
  const exit = (value: ExitCode) => {
    code = value
  }
  const act: Act = (command, action) => {
    command.action(async (...given: unknown[]) => {
      const own = given.at(-1) as Command
      await action(createContext(world, own, exit), own.opts() as never, own.args)
    })
  }

  const program = new Command('kedge')
    .description('Operates machine-learning models: from the first row of data to the day a model is replaced.')
    .version(version, '-V, --version')
    .option('--json', 'answer in JSON on stdout; errors as JSON on stderr')
    .option('--url <url>', `address of the server; KEDGE_URL when absent (default ${defaultUrl})`)
    .option('-p, --project <name>', 'project; KEDGE_PROJECT or that of ./kedge.yaml when absent')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: (text) => world.stdout.write(text), writeErr: (text) => world.stderr.write(text) })
    .addHelpText(
      'after',
      `
A token comes from KEDGE_TOKEN, never from the command line.

Exit codes:
${Object.entries(exitCodes)
  .map(([value, meaning]) => `  ${value.padEnd(4)} ${meaning}`)
  .join('\n')}

Examples:
  $ kedge serve                          start a server with the stores in ./kedge-data
  $ kedge loop                           watch the flights example close the loop
  $ kedge apply -f kedge.yaml --dry-run  show what would change
  $ kedge run train && kedge status      run a pipeline, then look around`,
    )
  for (const add of [
    addServe,
    addDeploy,
    addConvert,
    addCheck,
    addBench,
    addLoop,
    addApply,
    addStatus,
    addRun,
    addLogs,
    addLog,
    addActuals,
    addGrafana,
    addData,
    addCopybook,
    addJournal,
    addLineage,
    addReport,
    addBackup,
    addRestore,
    addImport,
    addExport,
    addFeatures,
    addGc,
    addDoctor,
    addToken,
    addSecret,
  ])
    add(program, act)
  addCompletion(program, act)
  for (const command of allCommands(program))
    command.exitOverride().configureHelp({ showGlobalOptions: true }).configureOutput(program.configureOutput())

  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (world.signal.aborted) return 130
    const known = asKedgeError(error)
    const options = program.opts() as { json?: boolean }
    createTerminal(world, { json: options.json === true, environment: world.environment }).error(known)
    if (known.code === 'internal' && known.cause && world.environment.KEDGE_LOG_LEVEL === 'debug')
      world.stderr.write(`${(known.cause as Error).stack}\n`)
    return exitCodeOf(known)
  }
}

const allCommands = (command: Command): Command[] => command.commands.flatMap((inner) => [inner, ...allCommands(inner)])
