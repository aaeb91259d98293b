import { Link } from 'wouter'
import { useProjectPath } from '../shell/project-context.tsx'

type To = (...segments: (string | number)[]) => string

/** Kind of a subject (`kind/name`) → its page. */
const pages: Record<string, (to: To, name: string) => string | undefined> = {
  source: (to, name) => to('sources', name),
  dataset: (to, name) => to('data', name),
  dataset_version: (to, name) => to('data', ...versioned(name)),
  run: (to, name) => to('runs', name),
  pipeline: (to, name) => to('pipelines', name),
  pipeline_run: (to, name) => to('pipeline-runs', name),
  step: (to, name) => {
    const [run, step] = name.split('/')
    return `${to('pipeline-runs', run!)}?step=${encodeURIComponent(step ?? '')}`
  },
  model: (to, name) => to('models', name),
  model_version: (to, name) => to('models', ...versioned(name)),
  alias: (to, name) => to('models', name.split('@')[0]!),
  endpoint: (to, name) => to('endpoints', name),
  revision: (to, name) => to('endpoints', name.split('@')[0]!),
  alert: (to, name) => to('alerts', name),
}

const versioned = (name: string): [string, string] => {
  const at = Math.max(name.lastIndexOf('@'), name.lastIndexOf('/'))
  return at < 0 ? [name, '1'] : [name.slice(0, at), name.slice(at + 1)]
}

export const splitSubject = (subject: string): { kind: string; name: string } => {
  const slash = subject.indexOf('/')
  return slash < 0 ? { kind: subject, name: '' } : { kind: subject.slice(0, slash), name: subject.slice(slash + 1) }
}

export const subjectHref = (to: To, subject: string) => {
  const { kind, name } = splitSubject(subject)
  return pages[kind]?.(to, name)
}

/** Ids of runs are long; their first eight characters tell them apart. */
export const subjectText = (subject: string) => {
  const { kind, name } = splitSubject(subject)
  return kind === 'run' ? `run ${name.slice(0, 8)}` : `${kind.replaceAll('_', ' ')} ${name}`
}

/** A subject of the journal, as a link to its page where it has one. */
export function SubjectLink({ subject }: { subject: string }) {
  const to = useProjectPath()
  const href = subjectHref(to, subject)
  const text = subjectText(subject)
  return href ? <Link href={href}>{text}</Link> : <span>{text}</span>
}
