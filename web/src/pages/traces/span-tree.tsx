// biome-ignore-all lint/a11y/useSemanticElements: the rows are placed by hand, because only those in view exist
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { TraceSpan } from '../../api/types.ts'
import { Icon } from '../../components/icon.tsx'
import { duration } from '../../format/time.ts'
import { spanRows, wholeLength } from './span-rows.ts'
import classes from './traces.module.css'

const rowHeight = 28
const tones: Record<string, string> = {
  CHAT_MODEL: 'llm',
  LLM: 'llm',
  TOOL: 'tool',
  RETRIEVER: 'data',
  EMBEDDING: 'data',
  AGENT: 'agent',
  CHAIN: 'agent',
}

/** Where there is room for a span's length: behind its bar, before it, or in it. */
function tookPlace({ offset, duration: length }: TraceSpan, whole: number) {
  const from = offset / whole
  const to = (offset + (length ?? whole - offset)) / whole
  if (to < 0.8) return { style: { left: `calc(${to * 100}% + 6px)` } }
  if (from > 0.2) return { style: { right: `calc(${(1 - from) * 100}% + 6px)` } }
  return { style: { right: `calc(${(1 - to) * 100}% + 6px)` }, 'data-inside': true }
}

/** Spans as a tree beside their times. Arrows walk, left and right close and open. */
export function SpanTree({
  spans,
  chosen,
  onChoose,
}: {
  spans: readonly TraceSpan[]
  chosen: string | undefined
  onChoose(id: string): void
}) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => spanRows(spans, closed), [spans, closed])
  const whole = useMemo(() => wholeLength(spans), [spans])
  const frame = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 20,
    getItemKey: (index) => rows[index]!.span.id,
  })
  const at = rows.findIndex((row) => row.span.id === chosen)
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at)
  }, [at, virtual])

  const setOpen = (id: string, open: boolean) =>
    setClosed((before) => {
      const after = new Set(before)
      if (open) after.delete(id)
      else after.add(id)
      return after
    })
  const keys = (event: KeyboardEvent) => {
    const row = rows[at]
    const go = (index: number) => {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index))]
      if (next) onChoose(next.span.id)
    }
    if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(rows.length - 1)
    else if (event.key === 'ArrowRight' && row) {
      if (row.below > 0 && !row.open) setOpen(row.span.id, true)
      else go(at + 1)
    } else if (event.key === 'ArrowLeft' && row) {
      if (row.below > 0 && row.open) setOpen(row.span.id, false)
      else go(rows.findLastIndex((other, i) => i < at && other.depth < row.depth))
    } else return
    event.preventDefault()
  }

  return (
    <div
      className={classes.tree}
      ref={frame}
      role="tree"
      aria-label="Spans"
      aria-activedescendant={chosen ? `span-${chosen}` : undefined}
      tabIndex={0}
      onKeyDown={keys}
    >
      <div className={classes.axis} aria-hidden="true">
        <span />
        <div>
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <span key={share} style={{ left: `${share * 100}%` }} data-last={share === 1 || undefined}>
              {duration((whole * share) / 1000)}
            </span>
          ))}
        </div>
      </div>
      <div style={{ position: 'relative', height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const { span, depth, below, open } = rows[item.index]!
          const took = span.duration === null ? 'goes on' : duration(span.duration / 1000)
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={item.key}
              id={`span-${span.id}`}
              role="treeitem"
              aria-level={depth + 1}
              aria-selected={span.id === chosen}
              aria-expanded={below > 0 ? open : undefined}
              aria-label={[span.name, span.type, took, span.status === 'ERROR' && 'failed']
                .filter((part) => part && part !== 'UNKNOWN')
                .join(', ')}
              className={classes.span}
              style={{ transform: `translateY(${item.start}px)`, height: item.size }}
              onClick={() => onChoose(span.id)}
            >
              <div className={classes.name} style={{ paddingLeft: 8 + Math.min(depth, 24) * 14 }}>
                {below > 0 ? (
                  <button
                    type="button"
                    tabIndex={-1}
                    aria-label={open ? `Close ${span.name}` : `Open ${span.name}`}
                    data-open={open || undefined}
                    onClick={(event) => {
                      event.stopPropagation()
                      setOpen(span.id, !open)
                    }}
                  >
                    <Icon name="chevron" size={11} />
                  </button>
                ) : (
                  <span className={classes.leaf} />
                )}
                <i data-tone={span.status === 'ERROR' ? 'bad' : tones[span.type]} />
                <span className="clip">{span.name}</span>
                {below > 0 && !open && <span className="muted number">+{below}</span>}
              </div>
              <div className={classes.time}>
                <span
                  className={classes.bar}
                  data-tone={span.status === 'ERROR' ? 'bad' : tones[span.type]}
                  data-live={span.duration === null || undefined}
                  style={{
                    left: `${(span.offset / whole) * 100}%`,
                    width: `${((span.duration ?? whole - span.offset) / whole) * 100}%`,
                  }}
                />
                <span className={classes.took} {...tookPlace(span, whole)}>
                  {took}
                </span>
              </div>
            </div>
          )
        })}
      </div>
    </div>
  )
}
