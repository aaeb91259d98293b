import type { JournalEvent } from '../../api/types.ts'
import { count, percent } from '../../format/number.ts'
import { date, eventWindow } from '../../format/time.ts'

type Data = Record<string, unknown>
const text = (value: unknown) => (value == null ? '' : String(value))
const list = (value: unknown) => (Array.isArray(value) ? value.map(text).join('; ') : text(value))
const windowOf = (value: unknown) => eventWindow(value as { from: number; to: number } | null)

/** What an event says, in a line, beside its type and subject. What is not here says what its data say. */
const sentences: Record<string, (data: Data) => string> = {
  'server.started': (d) => `version ${text(d.version)}, ${list(d.roles)}`,
  'source.declared': (d) => text(d.kind),
  'dataset_version.published': (d) =>
    `${count(d.rows as number)} rows, ${count(d.quarantined as number)} quarantined, ${windowOf(d.window)}`,
  'dataset_version.rejected': (d) => list(d.reasons),
  'pipeline.declared': (d) => `steps ${list(d.steps)}`,
  'pipeline_run.started': (d) => `${text(d.pipeline)}${d.asOf == null ? '' : `, as of ${date(d.asOf as number)}`}`,
  'pipeline_run.finished': (d) =>
    `${text(d.pipeline)} ${text(d.state)}${(d.error as Data | null)?.message ? `: ${text((d.error as Data).message)}` : ''}`,
  'step.started': (d) => `${text(d.step)}${(d.attempt as number) > 1 ? `, attempt ${text(d.attempt)}` : ''}`,
  'step.finished': (d) =>
    `${text(d.step)} ${text(d.state)}${d.reason && d.state !== 'succeeded' ? `: ${text(d.reason)}` : ''}`,
  'model_version.created': (d) => `${text(d.model)} ${text(d.version)}${d.gated ? ', the gate decides' : ''}`,
  'gate.passed': (d) => list(d.reasons),
  'gate.failed': (d) => list(d.reasons),
  'model.created': (d) => `${text(d.model)}${d.prompt ? ', a prompt' : ''}`,
  'model_version.moved': (d) => `${text(d.model)} ${text(d.version)}: ${text(d.from)} → ${text(d.to)}`,
  'model_tag.set': (d) => `${text(d.key)} = ${text(d.value).slice(0, 200)}`,
  'model_version_tag.set': (d) => `${text(d.key)} = ${text(d.value).slice(0, 200)}`,
  'alias.moved': (d) =>
    `@${text(d.alias)}: ${d.from == null ? 'none' : text(d.from)} → ${d.to == null ? 'none' : text(d.to)}. ${text(d.reason)}`,
  'revision.created': (d) => `revision ${text(d.revision)} = ${text(d.model)} ${text(d.version)}`,
  'revision.retired': (d) => `revision ${text(d.revision)} = ${text(d.model)} ${text(d.version)}`,
  'release.started': (d) => `${text(d.endpoint)}: revision ${text(d.revision)} in ${text(d.stage)}`,
  'release.advanced': (d) =>
    `${text(d.endpoint)}: revision ${text(d.revision)} to ${text(d.stage)}${d.percent ? ` ${text(d.percent)} %` : ''}`,
  'release.finished': (d) => `${text(d.endpoint)}: revision ${text(d.revision)} answers every caller`,
  'release.rolled_back': (d) => `${text(d.endpoint)}: ${text(d.reason)}`,
  'alert.opened': (d) => `${text(d.family)} of ${text(d.endpoint)}${firstCause(d.causes)}`,
  'alert.closed': (d) => `${text(d.family)} of ${text(d.endpoint)}: ${text(d.reason)}`,
  'rule.fired': (d) =>
    `${text(d.rule)} started ${text(d.pipeline)}${d.asOf == null ? '' : `, as of ${date(d.asOf as number)}`}`,
  'rule.tripped': (d) => text(d.reason),
  'run.created': (d) => `${text(d.name)} in ${text(d.experiment)}`,
  'run.finished': (d) => text(d.status).toLowerCase(),
  'reference.profiled': (d) => `${count(d.rows as number)} rows over ${text(d.days)} days`,
}

const firstCause = (causes: unknown) => {
  const [first] = Array.isArray(causes) ? (causes as { what: string; reason: string }[]) : []
  return first ? `. Likely: ${first.what} (${first.reason})` : ''
}

export function eventText(event: JournalEvent): string {
  const data = (event.data ?? {}) as Data
  const sentence = sentences[event.type]
  if (sentence) return sentence(data)
  return Object.entries(data)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(
      ([key, value]) => `${key} ${typeof value === 'number' && value > 0 && value < 1 ? percent(value) : text(value)}`,
    )
    .join(', ')
}
