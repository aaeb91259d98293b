import type { Command } from 'commander'
import type { Act } from '../context.ts'

/** Adds `kedge import dvc`. */
export function addImportDvc(imports: Command, act: Act): void {
  const command = imports
    .command('dvc <repository>')
    .description(
      'Bring the history of the tables that DVC tracks in a git repository: each content a version, with the commits and tags that have it. Run again, it goes on and stores nothing twice',
    )
    .addHelpText(
      'after',
      '\nWhat is not on this machine is not brought: run `dvc fetch --all-commits` before.\n\nExamples:\n  $ kedge import dvc . -p flights',
    )
  act(command, async ({ api, terminal, project, world, exit }, _options, [repository]) => {
    // git and the cache, which no other command needs
    const { importDvc } = await import('../dvc/import-dvc.ts')
    const report = await importDvc(repository!, { api, project, signal: world.signal, progress: terminal.progress })
    terminal.answer(report, () =>
      [
        terminal.table(
          ['DATASET', 'PATH', 'NEW', 'WERE THERE', 'TAGS'],
          report.datasets.map(({ dataset, path, created, present, tags }) => [
            dataset,
            path,
            created,
            present,
            tags.length,
          ]),
        ),
        '',
        `${report.verified} contents have the MD5 that DVC knows them by.`,
        ...(report.notRows.length > 0 ? [`No rows, and left where they are: ${report.notRows.join(', ')}`] : []),
        ...report.problems.map((problem) => `Not brought: ${problem}`),
      ].join('\n'),
    )
    if (report.problems.length > 0) exit(1)
  })
}
