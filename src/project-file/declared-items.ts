import { ruleName } from '../automation/rule-spec.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'

export interface DeclaredItem {
  kind: string
  name: string
  /** with defaults filled in */
  spec: unknown
  /** as it was written */
  given: unknown
}

/** What a project file declares, by kind. */
export function declaredItems({ file, given }: ParsedProjectFile): DeclaredItem[] {
  const section = (
    kind: string,
    key:
      | 'sources'
      | 'datasets'
      | 'features'
      | 'training_sets'
      | 'models'
      | 'pipelines'
      | 'endpoints'
      | 'monitors'
      | 'channels',
  ) =>
    Object.entries(file[key]).map(([name, spec]) => ({
      kind,
      name,
      spec,
      given: (given[key] as Record<string, unknown>)[name] ?? {},
    }))
  return [
    ...section('source', 'sources'),
    ...section('dataset', 'datasets'),
    ...section('feature_view', 'features'),
    ...section('training_set', 'training_sets'),
    ...section('model', 'models'),
    ...section('pipeline', 'pipelines'),
    ...section('endpoint', 'endpoints'),
    ...section('monitors', 'monitors'),
    ...section('channel', 'channels'),
    ...file.automation.map((rule, i) => ({
      kind: 'rule',
      name: ruleName(rule),
      spec: rule,
      given: (given.automation as unknown[])[i],
    })),
  ]
}
