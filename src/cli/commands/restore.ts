import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { bytes, moment } from '../readable.ts'

/** Adds `kedge restore`, which needs no server. */
export function addRestore(program: Command, act: Act): void {
  const command = program
    .command('restore <backup>')
    .description('Make a data directory of a backup, after checking every file of it')
    .option('--data <directory>', 'data directory to make; must be absent or empty', './kedge-data')
    .option('--check', 'only check the backup')
    .addHelpText(
      'after',
      '\nNeeds no server.\n\nExamples:\n  $ kedge restore /backups/2026-01-01 --data ./kedge-data && kedge serve',
    )
  act<{ data: string; check?: boolean }>(command, async ({ terminal, world }, options, [backup]) => {
    const [{ restoreBackup }, { silentLog }] = await Promise.all([
      import('../../backup/restore-backup.ts'),
      import('../../log.ts'),
    ])
    const result = await restoreBackup({
      from: resolve(world.cwd, backup!),
      ...(options.check ? {} : { to: resolve(world.cwd, options.data) }),
      log: silentLog,
      progress: terminal.progress,
    })
    terminal.answer(
      result,
      () =>
        `${options.check ? 'The backup is whole' : `Restored to ${result.to}`}: of ${moment(result.madeAt)}, ${result.files} files, ${bytes(result.bytes)}, journal up to ${result.journalHead}`,
    )
  })
}
