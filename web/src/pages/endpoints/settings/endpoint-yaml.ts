import { stringify } from 'yaml'
import type { EndpointDetail } from '../../../api/types.ts'

export type Spec = EndpointDetail['spec']

const units: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** Milliseconds as kedge.yaml has them: `30s`, `14d`, `1500ms`. */
export function durationText(milliseconds: number): string {
  const [name, size] = units.find(([, size]) => milliseconds >= size && milliseconds % size === 0) ?? ['ms', 1]
  return milliseconds === 0 ? '0s' : `${milliseconds / size}${name}`
}

const rateText = ({ count, per }: { count: number; per: number }) => {
  const unit = ({ 1000: 's', 60000: 'm', 3600000: 'h' } as Record<number, string>)[per]
  return unit ? `${count}/${unit}` : { count, per }
}

/** Settings that are not what every endpoint has, in the form of kedge.yaml. */
export function endpointDeclaration(spec: Spec): Record<string, unknown> {
  const { model, release, automatic, keepShadow, record, threshold, limits, inputs, features } = spec
  const recorded = {
    ...(record.share === 100 ? {} : { share: `${record.share}%` }),
    ...(record.whenFull === 'answer' ? {} : { whenFull: record.whenFull }),
    ...(Object.keys(record.personal).length === 0
      ? {}
      : {
          personal: Object.values(record.personal).every((how) => how === 'hash')
            ? Object.keys(record.personal)
            : record.personal,
        }),
  }
  const released = {
    ...(release.shadow === 200 ? {} : { shadow: release.shadow }),
    ...(release.canary.join() === '5,25' ? {} : { canary: release.canary.map((share) => `${share}%`) }),
    ...(kinds(release.analyse).join() === usualAnalyses.join() && release.analyse.every(isPlain)
      ? {}
      : { analyse: release.analyse.map((one) => (isPlain(one) ? one.kind : one)) }),
    ...(release.samples === 200 ? {} : { samples: release.samples }),
    ...(release.duration === 0 ? {} : { duration: durationText(release.duration) }),
    ...(release.patience === 14 * 86_400_000 ? {} : { patience: durationText(release.patience) }),
  }
  const limited = {
    ...(limits.rate ? { rate: rateText(limits.rate) } : {}),
    ...(limits.concurrency === undefined ? {} : { concurrency: limits.concurrency }),
    ...(limits.queue === 1000 ? {} : { queue: limits.queue }),
    ...(limits.wait === 100 ? {} : { wait: durationText(limits.wait) }),
    ...(limits.timeout === 60_000 ? {} : { timeout: durationText(limits.timeout) }),
  }
  const strange = Object.fromEntries(Object.entries(inputs).filter(([, what]) => what !== 'pass'))
  return {
    model,
    ...(automatic ? {} : { automatic }),
    ...(keepShadow ? { keepShadow } : {}),
    ...some('release', released),
    ...some('record', recorded),
    ...(threshold === 0.5 ? {} : { threshold }),
    ...some('limits', limited),
    ...some('inputs', strange),
    ...(features ? { features } : {}),
  }
}

const usualAnalyses = ['errors', 'latency', 'agreement', 'performance']
const kinds = (analyses: readonly { kind: string }[]) => analyses.map(({ kind }) => kind)
const isPlain = (analysis: object) => Object.keys(analysis).length === 1

const some = (name: string, value: Record<string, unknown>) => (Object.keys(value).length > 0 ? { [name]: value } : {})

/** The part of kedge.yaml that declares the endpoint. */
export const endpointYaml = (name: string, spec: Spec): string =>
  stringify({ endpoints: { [name]: endpointDeclaration(spec) } }, { lineWidth: 0, flowCollectionPadding: true })
