import type { ChangeContext } from '../journal/journal.ts'
import { refusedItem } from './check-parts.ts'
import type { Finding } from './check-references.ts'
import { declaredItems } from './declared-items.ts'
import type { ParsedProjectFile } from './parse-project-file.ts'
import { type PlannedChange, planProject } from './plan.ts'
import type { ProjectFiles, ProjectPart } from './project-part.ts'

/**
 * Brings what is stored to what the file declares, in the order of `parts`, and removes in the opposite order. Interrupted,
 * it is repeated as a whole: what is as declared already is left alone. `refusal` makes the error of what a domain refused.
 */
export async function applyProject(
  parts: readonly ProjectPart[],
  context: ChangeContext,
  parsed: ParsedProjectFile,
  files: ProjectFiles,
  prune = false,
  refusal: (findings: Finding[]) => Error | undefined = () => undefined,
): Promise<PlannedChange[]> {
  const { project } = parsed.file
  const plan = await planProject(parts, parsed, files, prune)
  const given = new Map(declaredItems(parsed).map((item) => [`${item.kind}/${item.name}`, item.given]))
  const each = async (
    part: ProjectPart,
    actions: PlannedChange['action'][],
    act: (name: string) => Promise<void> | undefined,
  ) => {
    for (const { kind, name, action } of plan) if (kind === part.kind && actions.includes(action)) await act(name)
  }
  for (const part of parts)
    await each(part, ['create', 'change'], (name) =>
      part.put(context, project, name, given.get(`${part.kind}/${name}`), files).catch((error) => {
        throw refusal(refusedItem(part.kind, name, parsed.given, error)) ?? error
      }),
    )
  for (const part of [...parts].reverse()) await each(part, ['remove'], (name) => part.remove?.(context, project, name))
  return plan
}
