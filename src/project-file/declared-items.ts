import { ruleName } from '../automation/rule-spec.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'
import { sections } from './sections.ts'

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
  return [
    ...Object.entries(sections).flatMap(([kind, key]) =>
      Object.entries(file[key]).map(([name, spec]) => ({
        kind,
        name,
        spec,
        given: (given[key] as Record<string, unknown>)[name] ?? {},
      })),
    ),
    ...file.automation.map((rule, i) => ({
      kind: 'rule',
      name: ruleName(rule),
      spec: rule,
      given: (given.automation as unknown[])[i],
    })),
  ]
}
