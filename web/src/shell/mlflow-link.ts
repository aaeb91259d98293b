/**
 * The page of a project that an address of MLflow's own pages means: its client prints such addresses after each run
 * (`#/experiments/1/runs/…`). Undefined for what is none.
 */
export function mlflowLink(project: string, hash: string): string | undefined {
  if (!hash.startsWith('#/')) return undefined
  const [path = '', query = ''] = hash.slice(2).split('?')
  const parts = path.split('/').filter(Boolean)
  const asked = new URLSearchParams(query)
  const to = (...of: string[]) => `/projects/${[project, ...of].map((part) => encodeURIComponent(part)).join('/')}`
  const decode = (part: string) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  }
  const [kind, id, inner, which] = parts.map(decode)
  if (kind === 'experiments' && id) {
    const experiment = `?experiment=${encodeURIComponent(id)}`
    if (inner === 'runs' && which) return to('runs', which)
    if (inner === 'traces') {
      const trace = asked.get('selectedEvaluationId') ?? asked.get('selectedTraceId')
      return trace ? to('traces', trace) : `${to('traces')}${experiment}`
    }
    return `${to('runs')}${experiment}`
  }
  if (kind === 'compare-runs') {
    const runs = (asked.get('runs') ?? '').match(/[0-9a-f]{32}/g)
    return runs ? `${to('runs', 'compare')}?runs=${runs.join(',')}` : to('runs')
  }
  if (kind === 'models' || kind === 'prompts') {
    if (!id) return to('models')
    return inner === 'versions' && which ? to('models', id, which) : to('models', id)
  }
  return to('runs')
}
