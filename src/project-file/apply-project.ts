import type { ChangeContext } from '../journal/journal.ts'
import { declared, type PlannedChange, planProject } from './plan.ts'
import type { ProjectFile } from './project-file-spec.ts'
import type { ProjectFiles, ProjectPart } from './project-part.ts'

/**
 * Brings what is stored to what the file declares, in order of dependence, and removes in the opposite order. Interrupted,
 * it is repeated as a whole: what is as declared already is left alone.
 */
export async function applyProject(
  parts: readonly ProjectPart[],
  context: ChangeContext,
  file: ProjectFile,
  files: ProjectFiles,
  prune = false,
): Promise<PlannedChange[]> {
  const plan = await planProject(parts, file, files, prune)
  const specs = new Map(declared(file).map((item) => [`${item.kind}/${item.name}`, item.spec]))
  for (const part of parts)
    for (const { kind, name, action } of plan)
      if (kind === part.kind && (action === 'create' || action === 'change'))
        await part.put(context, file.project, name, specs.get(`${kind}/${name}`), files)
  for (const part of [...parts].reverse())
    for (const { kind, name, action } of plan)
      if (kind === part.kind && action === 'remove') await part.remove?.(context, file.project, name)
  return plan
}
