import { resolve } from 'node:path'
import type { Command } from 'commander'
import { KedgeError } from '../../errors.ts'
import type { Act } from '../context.ts'
import { writeMlflowFolder } from '../mlflow/folder-target.ts'
import { createMlflowClient } from '../mlflow/mlflow-client.ts'
import { exportTo } from '../mlflow/mlflow-target.ts'
import { openMlflowServer } from '../mlflow/server-source.ts'
import { writeMlflowServer } from '../mlflow/server-target.ts'
import { bytes } from '../readable.ts'

/** Adds `kedge export mlflow`. */
export function addExport(program: Command, act: Act): void {
  const command = program
    .command('export')
    .description('Write what a project holds for another tool')
    .command('mlflow <place>')
    .description(
      'Write experiments, runs, metrics, artifacts and models for MLflow: to an mlruns folder, or to a server. Run again, it completes what is there',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ kedge export mlflow ./mlruns -p flights\n  $ kedge export mlflow http://mlflow.example:5000 -p flights',
    )
  act(command, async ({ api, terminal, project, world, exit }, _options, [place]) => {
    const { signal, environment } = world
    if (/\.(db|sqlite3?)$|^sqlite:/.test(place!))
      throw new KedgeError(
        'unsupported',
        { what: 'Writing a database of MLflow, whose tables are its own,' },
        {
          todo: 'Export to a folder, then let MLflow make the database: mlflow migrate-filestore --source FOLDER --target sqlite:///mlflow.db',
        },
      )
    const source = openMlflowServer(
      createMlflowClient(`${api.url}/mlflow/${encodeURIComponent(project)}`, {
        token: environment.KEDGE_TOKEN,
        signal,
        ...(world.fetch ? { fetch: world.fetch } : {}),
      }),
    )
    // SQLite's library, which no other command needs
    const { mlflowClientOf } = await import('../mlflow/open-source.ts')
    const target = /^https?:\/\//.test(place!)
      ? writeMlflowServer(mlflowClientOf(place!, world))
      : writeMlflowFolder(resolve(world.cwd, place!.replace(/^file:\/\//, '')))
    const report = await exportTo(source, target, { signal, progress: terminal.progress })
    terminal.answer(report, () =>
      [
        terminal.table(
          ['', 'NEW', 'WERE THERE'],
          (['experiments', 'runs', 'loggedModels', 'models'] as const).map((kind) => [
            kind === 'loggedModels' ? 'logged models' : kind,
            report[kind].created,
            report[kind].present,
          ]),
        ),
        '',
        `${report.points} points, ${report.versions} versions; ${report.files.stored} files written (${bytes(report.files.bytes)}), ${report.files.present} were there.`,
        ...(report.problems.length > 0
          ? ['', terminal.colour('bold', 'Not written:'), ...report.problems.slice(0, 50).map((line) => `  ${line}`)]
          : []),
        '',
        report.hint,
      ].join('\n'),
    )
    if (report.problems.length > 0) exit(1)
  })
}
