import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair } from './recorded-pairs.ts'
import { dayText } from './replay-days.ts'
import type { StageReport } from './stage-report.ts'
import { type Worth, weeklyWorth, worthOf } from './worth.ts'
import { worthPlot } from './worth-plot.ts'

/** Whether retraining was worth it, from the first flight that no caller had answered by the first version any more. */
export function proveWorth(
  report: StageReport,
  pairs: readonly Pair[],
  folder: string,
): { worth: Worth; plot: string } {
  const last = pairs.filter(({ revision }) => revision === 1).at(-1)
  const after = last ? pairs.filter(({ time }) => time > last.time) : pairs
  const worth = worthOf(after)
  const weeks = weeklyWorth(after)
  const plot = join(folder, 'worth.svg')
  writeFileSync(plot, worthPlot(weeks, firstDays(pairs)))
  report.stage('worth', {
    ...worth,
    weeks: weeks.map(({ week, lateShare, worth: { rows, logLoss } }) => ({
      week,
      rows,
      lateShare,
      logLoss: logLoss && { retrained: logLoss.retrained, never: logLoss.never, difference: logLoss.difference },
    })),
    plot,
  })
  tellWorth(report, worth)
  return { worth, plot }
}

/** Days on which a later revision first answered a caller. */
function firstDays(pairs: readonly { revision: number; time: number }[]): string[] {
  const first = new Map<number, number>()
  for (const { revision, time } of pairs) if (!first.has(revision)) first.set(revision, time)
  return [...first].filter(([revision]) => revision > 1).map(([, time]) => dayText(time))
}

function tellWorth(report: StageReport, worth: Worth) {
  if (worth.rows === 0)
    return report.progress('No retrained version has come to answer every caller, so there is nothing to compare.')
  report.progress(
    `Was retraining worth it? ${worth.rows} flights from ${worth.from} to ${worth.to}, against the first version kept in shadow:`,
  )
  const line = (name: string, measure: typeof worth.logLoss, better: number) => {
    if (!measure) return report.progress(`  ${name}: too few rows`)
    const { retrained, never, difference, low, high } = measure
    const verdict =
      low * better > 0 && high * better > 0
        ? 'better'
        : low * better < 0 && high * better < 0
          ? 'worse'
          : 'no clear difference'
    report.progress(
      `  ${name}: ${retrained.toFixed(4)} against ${never.toFixed(4)}, difference ${difference.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]: ${verdict}`,
    )
  }
  line('log loss', worth.logLoss, -1)
  line('Brier score', worth.brier, -1)
  line('AUC', worth.auc, 1)
}
