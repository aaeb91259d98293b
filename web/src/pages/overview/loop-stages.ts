import type { Tone } from '../../components/state-badge.tsx'
import { toneOf } from '../../components/state-badge.tsx'
import { compact, count, measure, percent } from '../../format/number.ts'
import { date } from '../../format/time.ts'
import type { LoopFacts } from './loop-facts.ts'

export interface Stage {
  key: string
  title: string
  tone: Tone
  /** the state in a word */
  state: string
  /** the latest fact, in a few words */
  fact: string
  at?: number | null | undefined
  href: string
  /** first words of the events that belong to it */
  events: string[]
}

type To = (...segments: (string | number)[]) => string

/** share of the rows from which the quarantine asks for attention */
const muchQuarantined = 0.05

const nothing = { tone: 'idle' as const, state: 'none yet' }

/** The loop's stages in order, each with its state and its latest fact. */
export function loopStages(facts: LoopFacts, to: To): Stage[] {
  const {
    sources,
    dataset,
    datasets,
    pipelines,
    pipelineRun,
    run,
    model,
    models,
    gate,
    endpoint,
    endpoints,
    monitoring,
    alerts,
    rules,
    firings,
  } = facts
  const version = dataset?.latest
  const release = endpoint?.release
  const open = alerts?.filter(({ state }) => state === 'open')
  const lastAlert = open?.[0] ?? alerts?.[0]
  const firing = firings?.[0]
  const tripped = rules?.find(({ state }) => state === 'tripped')
  const violated = monitoring?.families.filter(({ state }) => state === 'violation')
  const watched = monitoring?.families.filter(({ state }) => state !== 'off' && state !== 'unknown')
  const serving = endpoint?.traffic.filter(({ percent }) => percent > 0).sort((a, b) => b.percent - a.percent)[0]
  const metric =
    run &&
    Object.entries(run.metrics).find(([key, value]) => value !== null && /auc|loss|accuracy|f1|rmse|mae/i.test(key))

  return [
    {
      key: 'sources',
      title: 'Sources',
      ...(sources?.length ? { tone: 'good' as const, state: `${sources.length} declared` } : nothing),
      fact: sources?.map(({ name }) => name).join(', ') ?? '',
      href: sources?.length === 1 ? to('sources', sources[0]!.name) : to('data'),
      events: ['source'],
    },
    {
      key: 'curate',
      title: 'Curate',
      ...(version
        ? {
            tone:
              version.counts.quarantined > version.counts.read * muchQuarantined
                ? ('warn' as const)
                : ('good' as const),
            state: `${percent(version.counts.kept / Math.max(1, version.counts.read))} kept`,
          }
        : nothing),
      fact: version ? `${count(version.counts.quarantined)} of ${count(version.counts.read)} rows quarantined` : '',
      href: dataset && version ? `${to('data', dataset.name, version.version)}?tab=quarantine` : to('data'),
      events: ['dataset'],
    },
    {
      key: 'dataset version',
      title: 'Dataset version',
      ...(version ? { tone: toneOf(version.state), state: version.state } : nothing),
      fact:
        dataset && version
          ? `${dataset.name} ${version.version}${version.window ? `, until ${date(version.window.to)}` : ''}`
          : datasets?.length
            ? `${datasets[0]!.name} has none`
            : '',
      at: version?.createdAt,
      href: dataset && version ? to('data', dataset.name, version.version) : to('data'),
      events: ['dataset_version'],
    },
    {
      key: 'pipeline',
      title: 'Pipeline',
      ...(pipelineRun
        ? { tone: toneOf(pipelineRun.state), state: pipelineRun.state }
        : pipelines?.length
          ? { tone: 'idle' as const, state: 'never ran' }
          : nothing),
      fact: pipelineRun
        ? `${pipelineRun.pipeline} ${pipelineRun.id}${pipelineRun.asOf === null ? '' : `, as of ${date(pipelineRun.asOf)}`}`
        : (pipelines?.map(({ name }) => name).join(', ') ?? ''),
      at: pipelineRun?.finishedAt ?? pipelineRun?.createdAt,
      href: pipelineRun ? to('pipeline-runs', pipelineRun.id) : to('pipelines'),
      events: ['pipeline', 'pipeline_run', 'step'],
    },
    {
      key: 'run',
      title: 'Run',
      ...(run ? { tone: toneOf(run.status), state: run.status.toLowerCase() } : nothing),
      fact: run ? (metric ? `${metric[0]} ${measure(metric[1], 3)}` : run.name) : '',
      at: run?.endTime ?? run?.startTime,
      href: run ? to('runs', run.id) : to('runs'),
      events: ['run', 'experiment', 'logged_model'],
    },
    {
      key: 'model version',
      title: 'Model version',
      ...(model?.latestVersion ? { tone: 'good' as const, state: `${model.versions} of ${model.name}` } : nothing),
      fact: model
        ? model.aliases.champion === undefined
          ? `latest ${model.latestVersion ?? 'none'}`
          : `champion is ${model.aliases.champion}, latest ${model.latestVersion}`
        : models?.length === 0
          ? ''
          : '',
      at: model?.updatedAt,
      href: model?.latestVersion ? to('models', model.name, model.latestVersion) : to('models'),
      events: ['model', 'model_version', 'alias', 'reference'],
    },
    {
      key: 'gate',
      title: 'Gate',
      ...(gate ? { tone: toneOf(gate.state), state: gate.state } : nothing),
      fact: gate
        ? `version ${gate.version}${gate.champion === null ? '' : ` against ${gate.champion}`}${gateDifference(gate)}`
        : '',
      at: gate?.createdAt,
      href: gate ? `${to('models', gate.model)}?tab=gates` : to('models'),
      events: ['gate', 'approval'],
    },
    {
      key: 'release',
      title: 'Release',
      ...(release
        ? {
            tone: toneOf(release.state),
            state:
              release.state === 'running'
                ? release.stage === 'canary'
                  ? `canary ${release.percent} %`
                  : release.stage
                : release.state.replace('_', ' '),
          }
        : nothing),
      fact: release
        ? `version ${release.version}${release.state === 'running' ? `: ${count(release.progress.predictions)} of ${count(release.progress.needed)}` : release.state === 'finished' ? ' answers all' : `: ${release.reason ?? ''}`}`
        : '',
      at: release?.finishedAt ?? release?.startedAt,
      href: endpoint ? to('endpoints', endpoint.name) : to('endpoints'),
      events: ['release'],
    },
    {
      key: 'endpoint',
      title: 'Endpoint',
      ...(endpoint ? { tone: toneOf(endpoint.state), state: endpoint.state } : endpoints?.length ? nothing : nothing),
      fact: endpoint ? `${endpoint.name}${serving ? `, revision ${serving.revision}` : ''}` : '',
      href: endpoint ? to('endpoints', endpoint.name) : to('endpoints'),
      events: ['endpoint', 'revision'],
    },
    {
      key: 'predictions',
      title: 'Predictions',
      ...(endpoint && endpoint.live.predictions > 0
        ? {
            tone: (endpoint.live.rate ?? 0) > 0 ? ('busy' as const) : ('good' as const),
            state: (endpoint.live.rate ?? 0) > 0 ? `${measure(endpoint.live.rate, 2)} /s` : 'quiet',
          }
        : nothing),
      fact:
        endpoint && endpoint.live.predictions > 0
          ? `${compact(endpoint.live.predictions)}${monitoring?.lastPrediction ? `, to ${date(monitoring.lastPrediction)}` : ''}`
          : '',
      href: endpoint ? `${to('endpoints', endpoint.name)}?tab=predictions` : to('endpoints'),
      events: [],
    },
    {
      key: 'monitors',
      title: 'Monitors',
      ...(monitoring && watched?.length
        ? {
            tone: violated?.length ? ('bad' as const) : ('good' as const),
            state: violated?.length ? 'violation' : 'all ordinary',
          }
        : nothing),
      fact:
        monitoring && watched?.length
          ? violated?.length
            ? violated.map(({ title }) => title.toLowerCase()).join(', ')
            : `${watched.length} families`
          : '',
      href: endpoint ? `${to('monitoring')}?endpoint=${encodeURIComponent(endpoint.name)}` : to('monitoring'),
      events: ['monitor', 'monitors'],
    },
    {
      key: 'alert',
      title: 'Alert',
      ...(open?.length
        ? { tone: 'bad' as const, state: `${open.length} open` }
        : alerts?.length
          ? { tone: 'good' as const, state: 'none open' }
          : { tone: 'idle' as const, state: 'none so far' }),
      fact: lastAlert
        ? `${lastAlert.family}${lastAlert.causes[0] ? `: ${lastAlert.causes[0].what.replace('$', '')}` : ''}`
        : '',
      at: lastAlert?.closedAt ?? lastAlert?.openedAt,
      href: lastAlert ? to('alerts', lastAlert.id) : `${to('monitoring')}?tab=alerts`,
      events: ['alert'],
    },
    {
      key: 'automation',
      title: 'Automation',
      ...(tripped
        ? { tone: 'warn' as const, state: 'stopped' }
        : rules?.length
          ? {
              tone: firing?.state === 'running' ? ('busy' as const) : ('good' as const),
              state: firing?.state === 'running' ? 'retraining' : 'ready',
            }
          : nothing),
      fact: firing ? `${firing.rule}: ${firing.state}` : (rules?.map(({ name }) => name).join(', ') ?? ''),
      at: firing?.createdAt,
      href: to('pipelines'),
      events: ['rule', 'automation'],
    },
  ]
}

function gateDifference(gate: NonNullable<LoopFacts['gate']>): string {
  const rule = gate.evidence?.rules.find(({ difference }) => difference !== null)
  return rule?.difference
    ? `: ${rule.metric.replace('_', ' ')} ${rule.difference.value > 0 ? '+' : '−'}${measure(Math.abs(rule.difference.value), 2)}`
    : ''
}
