import type { Command } from 'commander'
import type { z } from 'zod'
import type { garbageReport } from '../../protocols/kedge/schemas/garbage.ts'
import type { Act } from '../context.ts'
import { duration } from '../option-values.ts'
import { bytes, moment, span } from '../readable.ts'
import type { Terminal } from '../terminal.ts'
import { waitForJob } from '../wait-for-job.ts'

type Report = z.output<typeof garbageReport>

/** Adds `kedge gc`. */
export function addGc(program: Command, act: Act): void {
  const command = program
    .command('gc')
    .description('Take away for good what was deleted, and bytes that nothing needs any more')
    .option('--dry-run', 'only show what would go, with sizes and why')
    .option('--grace <time>', 'what was deleted less than this long ago stays: 12h, 7d', duration, 7 * 86_400_000)
    .addHelpText('after', '\nExamples:\n  $ kedge gc --dry-run\n  $ kedge gc --grace 30d')
  act<{ dryRun?: boolean; grace: number }>(command, async ({ api, terminal, world }, options) => {
    const started = await api.send<{ jobId: number; project: string }>('POST', '/api/v1/garbage', {
      dryRun: options.dryRun ?? false,
      graceMs: options.grace,
    })
    const report = await waitForJob<Report>(api, started, {
      what: 'The collection',
      signal: world.signal,
      progress: terminal.progress,
    })
    terminal.answer(report, () => shown(report, terminal))
  })
}

function shown(report: Report, { table, colour }: Terminal): string {
  const list = (items: Report['items']) =>
    table(
      ['KIND', 'PROJECT', 'ID', 'NAME', 'SIZE', 'SINCE', 'WHY'],
      items.map((item) => [
        item.kind,
        item.project,
        item.kind === 'blob' ? item.id.slice(0, 12) : item.id,
        item.name,
        bytes(item.bytes),
        moment(item.since),
        item.why,
      ]),
    )
  const { runs, experiments, loggedModels, modelVersions, blobs } = report
  const counts = [
    [runs, 'runs'],
    [experiments, 'experiments'],
    [loggedModels, 'logged models'],
    [modelVersions, 'model versions'],
    [blobs, 'blobs'],
  ]
    .map(([count, name]) => `${count} ${name}`)
    .join(', ')
  return [
    ...(report.items.length > 0 ? [list(report.items), ''] : []),
    ...(report.kept.length > 0 ? [colour('bold', 'Deleted, but kept:'), list(report.kept), ''] : []),
    `${report.dryRun ? 'Would go' : 'Gone'}: ${counts}; ${bytes(report.bytes)} of ${bytes(report.stored.bytes)}.`,
    ...(report.waiting > 0 ? [`${report.waiting} more were deleted less than ${span(report.graceMs)} ago.`] : []),
  ].join('\n')
}
