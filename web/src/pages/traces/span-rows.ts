import type { TraceSpan } from '../../api/types.ts'

export interface SpanRow {
  span: TraceSpan
  depth: number
  /** how many spans lie below it */
  below: number
  open: boolean
}

/** Spans as a tree in rows: children below their parent, by when they began. A span whose parent has not come stands at the root. */
export function spanRows(spans: readonly TraceSpan[], closed: ReadonlySet<string>): SpanRow[] {
  const known = new Set(spans.map((span) => span.id))
  const children = new Map<string | null, TraceSpan[]>()
  for (const span of spans) {
    const parent = span.parent !== null && known.has(span.parent) && span.parent !== span.id ? span.parent : null
    const own = children.get(parent)
    if (own) own.push(span)
    else children.set(parent, [span])
  }
  for (const own of children.values()) own.sort((a, b) => a.offset - b.offset)

  const rows: SpanRow[] = []
  const seen = new Set<string>()
  // a stack of its own: traces may be deeper than calls may be
  const stack = (children.get(null) ?? []).toReversed().map((span) => ({ span, depth: 0, shown: true }))
  const path: { row: SpanRow; at: number }[] = []
  const leave = (depth: number) => {
    while (path.length > depth) {
      const { row, at } = path.pop()!
      row.below = seen.size - at
    }
  }
  while (stack.length > 0) {
    const { span, depth, shown } = stack.pop()!
    if (seen.has(span.id)) continue
    leave(depth)
    seen.add(span.id)
    const row = { span, depth, below: 0, open: !closed.has(span.id) }
    path.push({ row, at: seen.size })
    if (shown) rows.push(row)
    for (const child of (children.get(span.id) ?? []).toReversed())
      stack.push({ span: child, depth: depth + 1, shown: shown && row.open })
  }
  leave(0)
  return rows
}

/** How long the whole takes, in microseconds: to the end of the last span, or what has begun. At least one. */
export const wholeLength = (spans: readonly TraceSpan[]): number =>
  spans.reduce((most, span) => Math.max(most, span.offset + (span.duration ?? 0)), 1)
