import type { RunSummary } from '../../api/types.ts'

type Test = (run: RunSummary) => boolean

const comparisons: Record<string, (order: number) => boolean> = {
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '!=': (order) => order !== 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
  '=': (order) => order === 0,
}

/** Conditions such as `metrics.auc > 0.7`, anything else is a word that the run's name, tags or state must contain. */
export function filterRuns(runs: RunSummary[], filter: string): RunSummary[] {
  const tests: Test[] = []
  const rest = filter.replace(
    /\b(metrics|params|tags)\.("[^"]+"|[\w./-]+)\s*(>=|<=|!=|>|<|=)\s*("[^"]*"|'[^']*'|\S+)/g,
    (_, part: 'metrics' | 'params' | 'tags', key: string, operator: string, wanted: string) => {
      const name = key.replaceAll('"', '')
      const value = wanted.replace(/^["']|["']$/g, '')
      tests.push((run) => {
        const has = run[part][name]
        return has != null && comparisons[operator]!(compareValues(has, value))
      })
      return ' '
    },
  )
  for (const word of rest.toLowerCase().split(/\s+/)) {
    if (!word || word === 'and') continue
    tests.push((run) =>
      `${run.id} ${run.name} ${run.experiment} ${run.status} ${run.user} ${run.step ?? ''} ${Object.values(run.tags).join(' ')}`
        .toLowerCase()
        .includes(word),
    )
  }
  return tests.length === 0 ? runs : runs.filter((run) => tests.every((test) => test(run)))
}

/** Numbers by size where both are numbers, else as text. */
function compareValues(a: string | number, b: string | number): number {
  const [x, y] = [Number(a), Number(b)]
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

/** By `name`, `status`, `start`, `duration`, `metrics.KEY` or `params.KEY`; `-` before it turns it round. Runs without the value come last. */
export function sortRuns(runs: RunSummary[], sorted: string): RunSummary[] {
  const direction = sorted.startsWith('-') ? -1 : 1
  const key = sorted.replace(/^-/, '')
  const valueOf = (run: RunSummary): string | number | null | undefined => {
    if (key.startsWith('metrics.')) return run.metrics[key.slice(8)]
    if (key.startsWith('params.')) return run.params[key.slice(7)]
    if (key === 'name') return run.name
    if (key === 'status') return run.status
    if (key === 'duration') return run.startTime && run.endTime ? run.endTime - run.startTime : null
    return run.startTime
  }
  return [...runs].sort((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)]
    if (x == null || y == null) return Number(x == null) - Number(y == null)
    return direction * compareValues(x, y)
  })
}
