import { Link } from 'wouter'
import type { RunDetail } from '../../../api/types.ts'
import { Copy, Digest } from '../../../components/copy.tsx'
import { Explained } from '../../../components/explained.tsx'
import { Facts } from '../../../components/facts.tsx'
import { Panel } from '../../../components/panel.tsx'
import { bytes, measure } from '../../../format/number.ts'
import { duration } from '../../../format/time.ts'
import { useProjectPath } from '../../../shell/project-context.tsx'

/** Code, environment, machine, resources and cost of a run: as the server metered them, else as the client told in its tags. */
export function MadeWith({ run }: { run: RunDetail }) {
  const to = useProjectPath()
  const items = { ...codeFacts(run, to('runs', run.id)), ...resourceFacts(run) }
  if (Object.values(items).every((value) => value === null || value === undefined)) return null
  return (
    <Panel title="Made with">
      <Facts items={items} />
    </Panel>
  )
}

function codeFacts(run: RunDetail, page: string) {
  const { code, environment } = run
  return {
    Cost: costText(run),
    Source: code?.entry ?? run.tags['mlflow.source.name'] ?? null,
    Commit: code ? (
      <span>
        <code title={code.untracked.length > 0 ? `Not in the repository: ${code.untracked.join(', ')}` : undefined}>
          {code.commit.slice(0, 12)}
        </code>
        {code.branch && ` on ${code.branch}`} <Copy text={code.commit} label="Copy the commit" />
      </span>
    ) : null,
    Changes: code?.diff ? (
      <Link href={`${page}?tab=artifacts&file=${encodeURIComponent(code.diff)}`}>not committed</Link>
    ) : code?.dirty ? (
      'not committed'
    ) : null,
    Repository: code?.origin ?? null,
    Python: environment?.python ?? null,
    Environment: environment?.digest ? (
      <span>
        {environment.lockFile} <Digest value={environment.digest} />
      </span>
    ) : null,
  }
}

function costText({ cost }: RunDetail) {
  // no price is set
  if (!cost || cost.amount === 0) return null
  const amount = `${measure(cost.amount)} ${cost.currency}`
  return <Explained definition={cost.basis}>{cost.estimated ? `about ${amount}, estimated` : amount}</Explained>
}

function resourceFacts({ resources }: RunDetail) {
  if (!resources) return {}
  const { host, limits, cpuSeconds, wallSeconds, maxMemoryBytes, gpus } = resources
  return {
    'Processor time':
      cpuSeconds === null ? null : `${duration(cpuSeconds * 1000)} in ${duration((wallSeconds ?? 0) * 1000)}`,
    'Most memory':
      maxMemoryBytes === null
        ? null
        : `${bytes(maxMemoryBytes)}${limits ? ` of ${bytes(limits.memoryBytes)} allowed` : ''}`,
    GPUs: gpus > 0 ? String(gpus) : host && host.gpus.length > 0 ? host.gpus.join(', ') : null,
    Machine: host ? (
      <span title={host.cpuModel ?? undefined}>
        {`${host.name}: ${host.cpus} processors, ${bytes(host.memoryBytes)}, ${host.platform}`}
      </span>
    ) : null,
  }
}
