import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { type ImportReport, importIntoKedge } from '../mlflow/import-into-kedge.ts'
import { bytes } from '../readable.ts'
import type { Terminal } from '../terminal.ts'
import { addImportDvc } from './import-dvc.ts'

/** Adds `kedge import` with its subcommands. */
export function addImport(program: Command, act: Act): void {
  const imports = program.command('import').description('Bring what another tool holds into a project')
  addImportDvc(imports, act)
  const command = imports
    .command('mlflow <place>')
    .description(
      "Bring experiments, runs, metrics, artifacts and models of MLflow with their ids: from a server, an mlruns folder or a server's SQLite file. Run again, it goes on and stores nothing twice",
    )
    .option('--artifacts <folder...>', 'where artifacts lie that the place names but that lie elsewhere')
    .addHelpText(
      'after',
      '\nExamples:\n  $ kedge import mlflow ./mlruns\n  $ kedge import mlflow ./mlflow.db --artifacts ./mlartifacts\n  $ kedge import mlflow http://mlflow.example:5000 -p flights',
    )
  act<{ artifacts?: string[] }>(command, async ({ api, terminal, project, world, exit }, options, [place]) => {
    // SQLite's library, which no other command needs
    const { openMlflow } = await import('../mlflow/open-source.ts')
    const source = openMlflow(place!, options.artifacts ?? [], world)
    try {
      const report = await importIntoKedge(source, {
        api,
        project,
        signal: world.signal,
        progress: terminal.progress,
      })
      terminal.answer(report, () => shown(report, terminal))
      if (report.problems.length > 0) exit(1)
    } finally {
      source.close()
    }
  })
}

const mostShown = 50

function shown(report: ImportReport, { table, colour }: Terminal): string {
  const rows = (['experiments', 'runs', 'loggedModels', 'models'] as const).map((kind) => {
    const { created, present, conflicts } = report[kind]
    return [kind === 'loggedModels' ? 'logged models' : kind, created, present, conflicts]
  })
  const list = (title: string, lines: string[]) =>
    lines.length === 0
      ? []
      : [
          '',
          colour('bold', title),
          ...lines.slice(0, mostShown).map((line) => `  ${line}`),
          ...(lines.length > mostShown ? [`  and ${lines.length - mostShown} more; --json shows all`] : []),
        ]
  const { files } = report
  return [
    table(['', 'NEW', 'WERE THERE', 'LEFT OUT'], rows),
    '',
    `${report.points} points, ${report.versions} versions; ${files.stored} files stored (${bytes(files.bytes)}), ${files.present} were there.`,
    `${report.verified} runs compared with ${report.source}: the same by counts and digests.`,
    ...list('Different here, and left so:', report.differences),
    ...list('Not brought:', report.problems),
  ].join('\n')
}
