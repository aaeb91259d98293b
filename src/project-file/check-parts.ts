import { ruleName } from '../automation/rule-spec.ts'
import { asKedgeError, type ErrorPlace, type KedgeError } from '../errors.ts'
import type { Finding } from './check-references.ts'
import type { ProjectFiles, ProjectPart } from './project-part.ts'
import { sections } from './sections.ts'

/** The items of a kind, as they were written, with their paths in the document. */
function itemsOf(
  kind: string,
  content: Record<string, unknown>,
): { name: string; given: unknown; path: PropertyKey[] }[] {
  const section = (sections as Record<string, string>)[kind]
  const value = content[section ?? 'automation']
  if (typeof value !== 'object' || value === null) return []
  if (section) return Object.entries(value).map(([name, given]) => ({ name, given, path: [section, name] }))
  return Array.isArray(value)
    ? value.map((given, i) => ({ name: ruleName((given ?? {}) as never), given, path: ['automation', i] }))
    : []
}

/** What the domains find wrong in a document, before anything of it is stored. */
export async function checkParts(
  parts: readonly ProjectPart[],
  project: string,
  content: Record<string, unknown>,
  files: ProjectFiles,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { kind, check } of parts)
    if (check)
      for (const { name, given, path } of itemsOf(kind, content))
        for (const finding of await check({ project, name, given, content, files }))
          findings.push({ ...finding, path: [...path, ...finding.path] })
  return findings
}

/** What a domain refused when one item was stored, at the item's place; undefined when that is not what is in the file. */
export function refusedItem(kind: string, name: string, content: Record<string, unknown>, thrown: unknown): Finding[] {
  const error = asKedgeError(thrown)
  const item = itemsOf(kind, content).find((one) => one.name === name)
  if (!item || !['invalid', 'not_found', 'conflict', 'forbidden', 'unsupported'].includes(error.class)) return []
  return findingsOf(error).map((finding) => ({ ...finding, path: [...item.path, ...finding.path] }))
}

const findingsOf = ({ places, message }: KedgeError): Finding[] =>
  places.length === 0 ? [{ path: [], at: 'value', what: message }] : places.map(findingOf)

/** A place that a domain names, such as `steps.fit.code.0`, as a path. */
export const findingOf = ({ where, what }: ErrorPlace): Finding => ({
  path: where.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  at: 'value',
  what,
})
