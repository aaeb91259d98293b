import type { Release } from '../../api/types.ts'

export interface PlannedStage {
  name: string
  state: 'done' | 'now' | 'failed' | 'to come' | 'left out'
  report: Release['stages'][number] | undefined
}

/** The strategy's stages in order, with what is known of each. */
export function plannedStages(release: Release): PlannedStage[] {
  const { shadow, canary } = release.strategy
  const first = release.baseline === null
  const plan = [
    ...(first || shadow === false ? [] : [{ stage: 'shadow', percent: 0 }]),
    ...(first ? [] : canary.map((percent) => ({ stage: 'canary', percent }))),
    { stage: 'full', percent: 100 },
  ]
  const at = plan.findIndex(
    (one) => one.stage === release.stage && (one.stage !== 'canary' || one.percent === release.percent),
  )
  return plan.map((one, i) => {
    const report = release.stages.find(
      (known) => known.stage === one.stage && (one.stage !== 'canary' || known.percent === one.percent),
    )
    const name = one.stage === 'canary' ? `canary ${one.percent} %` : one.stage
    if (release.state === 'finished')
      return { name, state: report || one.stage === 'full' ? 'done' : 'left out', report }
    if (release.state === 'running') return { name, state: i < at ? 'done' : i === at ? 'now' : 'to come', report }
    return { name, state: i < at ? 'done' : i === at ? 'failed' : 'left out', report }
  })
}
