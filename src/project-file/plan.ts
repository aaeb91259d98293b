import { declaredItems } from './declared-items.ts'
import { type FieldDifference, fieldDifferences } from './field-differences.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'
import type { ProjectFiles, ProjectPart } from './project-part.ts'

export interface PlannedChange {
  kind: string
  name: string
  /** `kept`: stored but not in the file, and left as it is */
  action: 'create' | 'change' | 'unchanged' | 'remove' | 'kept'
  /** only of changes */
  differences: FieldDifference[]
  /** what readers of a dataset lose by it; absent when nothing */
  breaks?: { owner: string | null; what: string[]; affects: string[] }
}

/** Compares the file with what is stored. With `prune`, what is not in the file goes, where its domain can remove it. */
export async function planProject(
  parts: readonly ProjectPart[],
  parsed: ParsedProjectFile,
  files: ProjectFiles,
  prune = false,
): Promise<PlannedChange[]> {
  const wanted = declaredItems(parsed)
  const changes: PlannedChange[] = []
  for (const part of parts) {
    const stored = new Map((await part.list(parsed.file.project)).map((item) => [item.name, item]))
    for (const { name, spec } of wanted.filter(({ kind }) => kind === part.kind)) {
      const before = stored.get(name)
      if (!before) {
        changes.push({ kind: part.kind, name, action: 'create', differences: [] })
        continue
      }
      const differences = fieldDifferences(before.spec, spec)
      if (before.files && part.files)
        differences.push(...fieldDifferences(before.files, part.files(spec, files), 'files'))
      changes.push({ kind: part.kind, name, action: differences.length > 0 ? 'change' : 'unchanged', differences })
    }
    for (const name of stored.keys())
      if (!wanted.some((item) => item.kind === part.kind && item.name === name))
        changes.push({ kind: part.kind, name, action: prune && part.remove ? 'remove' : 'kept', differences: [] })
  }
  return changes
}
