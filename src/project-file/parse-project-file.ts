import { type Document, isMap, isNode, isPair, LineCounter, type Node, parseDocument, Scalar, visit } from 'yaml'
import type { ErrorPlace } from '../errors.ts'
import { KedgeError } from '../errors.ts'
import { checkReferences, type Finding } from './check-references.ts'
import { didYouMean } from './did-you-mean.ts'
import { explainIssues } from './explain-issues.ts'
import type { ProjectFile, projectFileSpec } from './project-file-spec.ts'

export interface ParsedProjectFile {
  /** checked, with defaults filled in */
  file: ProjectFile
  /** as it was written */
  given: { [section: string]: Record<string, unknown> | unknown[] | undefined }
}

/** So many mistakes are named at most; a file with more is something else than a kedge.yaml. */
const most = 100
const short = (text: string) => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 400 ? `${line.slice(0, 399)}…` : line
}

/** A kedge.yaml as far as it could be read, with what is wrong in it. */
export interface OpenedProjectFile {
  /** as it was written; undefined when it is no mapping at all */
  content: Record<string, unknown> | undefined
  /** undefined when the schema does not take it */
  file: ProjectFile | undefined
  /** All mistakes, those found until here and `further` ones, each at its `line:column`, in the order of the file. */
  refusal(further?: readonly Finding[]): KedgeError | undefined
}

/** Reads a kedge.yaml: its syntax, its schema, and whether every name in it is declared. */
export function openProjectFile(
  schema: ReturnType<typeof projectFileSpec>,
  text: string,
  file = 'kedge.yaml',
): OpenedProjectFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const found: { offset: number; what: string }[] = document.errors.map((error) => ({
    offset: error.pos[0],
    what: /call stack/.test(error.message) ? 'is nested too deeply to be read' : error.message,
  }))
  const placed = (findings: readonly Finding[]) =>
    findings.map((finding) => ({
      offset: offsetOf(document, finding),
      what: `${name(finding.path)}${finding.what}`,
    }))
  let parsed: ProjectFile | undefined
  // what the parser could make sense of is checked too, so that one round of corrections is enough
  replaceLostAliases(document, found)
  const lost = new Set(found.map(({ offset }) => offset))
  const content = toContent(document, found)
  if (content !== undefined) {
    const result = schema.safeParse(content, { reportInput: true })
    if (result.success) parsed = result.data
    found.push(
      // what stands for an alias that leads nowhere is no further mistake
      ...placed([
        ...(result.success ? [] : explainIssues(schema, result.error.issues)),
        ...checkReferences(content),
      ]).filter(({ offset }) => !lost.has(offset)),
    )
  }
  return {
    content: content as Record<string, unknown> | undefined,
    file: parsed,
    refusal(further = []) {
      const all = toPlaces([...found, ...placed(further)], lines)
      if (all.length === 0) return undefined
      const count = all.length === 1 ? 'one mistake' : `${all.length} mistakes`
      const places = all.slice(0, most).map(({ where, what }) => ({ where, what: short(what) }))
      return new KedgeError('project_file_invalid', { file, count }, { places })
    },
  }
}

/** The same, checked. Errors: `project_file_invalid` with every mistake at once. */
export function parseProjectFile(
  schema: ReturnType<typeof projectFileSpec>,
  text: string,
  file?: string,
): ParsedProjectFile {
  const opened = openProjectFile(schema, text, file)
  const refusal = opened.refusal()
  if (refusal) throw refusal
  return { file: opened.file!, given: opened.content as ParsedProjectFile['given'] }
}

/** Aliases without an anchor are mistakes of their own, and nothing instead, so that the rest can be read. */
function replaceLostAliases(document: Document, found: { offset: number; what: string }[]) {
  const anchors: string[] = []
  visit(document, {
    Value(_, node) {
      if (node.anchor) anchors.push(node.anchor)
    },
    Alias(_, node) {
      if (anchors.includes(node.source)) return undefined
      const hint = didYouMean(node.source, anchors)
      found.push({
        offset: node.range?.[0] ?? 0,
        what: `*${node.source} stands for nothing: there is no &${node.source} before it${hint ? `; did you mean *${hint}?` : ''}`,
      })
      const nothing = new Scalar(null)
      nothing.range = node.range ?? null
      return nothing
    },
  })
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
  // two checks may find the same: the one that says more (a hint) stands
  return places.filter(
    (place, i) =>
      !places.some(
        (other, k) =>
          other.where === place.where && (other.what === place.what ? k < i : other.what.startsWith(`${place.what};`)),
      ),
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
