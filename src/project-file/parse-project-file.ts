import { type Document, isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml'
import type { ErrorPlace } from '../errors.ts'
import { KedgeError } from '../errors.ts'
import { checkReferences, type Finding } from './check-references.ts'
import { explainIssues } from './explain-issues.ts'
import type { ProjectFile, projectFileSpec } from './project-file-spec.ts'

export interface ParsedProjectFile {
  /** checked, with defaults filled in */
  file: ProjectFile
  /** as it was written */
  given: { [section: string]: Record<string, unknown> | unknown[] | undefined }
}

/**
 * Reads a kedge.yaml. Errors: `project_file_invalid` with every mistake at once, each at its `line:column`, in the order of
 * the file.
 */
export function parseProjectFile(
  schema: ReturnType<typeof projectFileSpec>,
  text: string,
  file = 'kedge.yaml',
): ParsedProjectFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const found: { offset: number; what: string }[] = document.errors.map((error) => ({
    offset: error.pos[0],
    what: error.message,
  }))
  let parsed: ProjectFile | undefined
  // what the parser could make sense of is checked too, so that one round of corrections is enough
  const content = toContent(document, found)
  if (content !== undefined) {
    const result = schema.safeParse(content, { reportInput: true })
    if (result.success) parsed = result.data
    const findings = [
      ...(result.success ? [] : explainIssues(schema, result.error.issues)),
      ...checkReferences(content),
    ]
    for (const finding of findings)
      found.push({ offset: offsetOf(document, finding), what: `${name(finding.path)}${finding.what}` })
  }
  if (found.length > 0 || !parsed) {
    const places = toPlaces(found, lines)
    const count = places.length === 1 ? 'one mistake' : `${places.length} mistakes`
    throw new KedgeError('project_file_invalid', { file, count }, { places })
  }
  return { file: parsed, given: content as ParsedProjectFile['given'] }
}

function toContent(document: Document, found: { offset: number; what: string }[]): unknown {
  if (document.contents === null) {
    if (found.length === 0) found.push({ offset: 0, what: 'the file is empty' })
    return undefined
  }
  if (!isMap(document.contents)) {
    if (found.length === 0) found.push({ offset: 0, what: 'the file must be a mapping that begins with project:' })
    return undefined
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    found.push({ offset: 0, what: (error as Error).message })
    return undefined
  }
}

function toPlaces(found: { offset: number; what: string }[], lines: LineCounter): ErrorPlace[] {
  const places = found
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, what }) => {
      const { line, col } = lines.linePos(offset)
      return { where: `${Math.max(line, 1)}:${Math.max(col, 1)}`, what }
    })
  return places.filter(
    (place, i) => !places.slice(0, i).some((other) => other.where === place.where && other.what === place.what),
  )
}

const name = (path: readonly PropertyKey[]) =>
  path.length === 0
    ? ''
    : `${path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`)).join('')}: `

/** Where the thing at fault begins: its key or value, or the nearest that is there around it. */
function offsetOf(document: Document, { path, at }: Finding): number {
  let node: unknown = document.contents
  let offset = 0
  for (const [i, part] of path.entries()) {
    if (!isMap(node)) {
      node = isNode(node) ? document.getIn(path.slice(0, i + 1), true) : undefined
      if (!isNode(node)) return offset
      offset = start(node) ?? offset
      continue
    }
    const pair = node.items.find(
      (item) =>
        isPair(item) && String(isNode(item.key) ? (item.key as { value?: unknown }).value : item.key) === String(part),
    )
    if (!pair) return offset
    offset = start(pair.key as Node) ?? offset
    node = pair.value
    if (i === path.length - 1 && at === 'value') offset = start(node as Node) ?? offset
  }
  return offset
}

const start = (node: Node | null | undefined) => node?.range?.[0]
