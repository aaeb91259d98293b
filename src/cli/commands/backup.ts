import { resolve } from 'node:path'
import type { Command } from 'commander'
import { KedgeError } from '../../errors.ts'
import type { Act } from '../context.ts'
import { bytes } from '../readable.ts'

interface BackupJob {
  state: string
  progress: unknown
  result: { path: string; files: number; bytes: number; journalHead: number } | null
  error: { code: string; message: string; todo: string } | null
}

/** Adds `kedge backup`. */
export function addBackup(program: Command, act: Act): void {
  const command = program
    .command('backup')
    .description('Copy everything that the server stores, while it runs; the copy fits together')
    .option('--to <directory>', 'new folder on the machine of the server; one in its data directory when absent')
    .addHelpText(
      'after',
      '\nExamples:\n  $ kedge backup --to /backups/2026-01-01\n  $ kedge restore /backups/2026-01-01 --data ./kedge-data',
    )
  act<{ to?: string }>(command, async ({ api, terminal, world }, options) => {
    const { jobId, project } = await api.send<{ jobId: number; project: string }>(
      'POST',
      '/api/v1/backups',
      options.to === undefined ? {} : { path: resolve(world.cwd, options.to) },
    )
    let shown = ''
    for (;;) {
      const job = await api.get<BackupJob>(`/api/v1/projects/${project}/jobs/${jobId}`)
      const progress = typeof job.progress === 'string' ? job.progress : ''
      if (progress !== shown) terminal.progress(progress)
      shown = progress
      if (job.state === 'succeeded' && job.result) {
        const { result } = job
        terminal.answer(
          result,
          () => `${result.path}: ${result.files} files, ${bytes(result.bytes)}, journal up to ${result.journalHead}`,
        )
        return
      }
      if (job.error || job.state === 'cancelled')
        throw new KedgeError(
          'conflict',
          { what: job.error?.message ?? 'The backup was cancelled' },
          { todo: job.error?.todo ?? 'Start it again.' },
        )
      if (world.signal.aborted) throw new KedgeError('cancelled', { what: 'Waiting for the backup' })
      await new Promise((done) => setTimeout(done, 200))
    }
  })
}
