import type { Virtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, type RefObject, useState } from 'react'

export interface GridSelection<Row> {
  has(row: Row): boolean
  /** a click with or without shift, ctrl */
  click(row: Row, index: number, event: MouseEvent): void
  toggle(row: Row, index: number): void
  /** everything between the last one chosen and this one */
  extend(index: number): void
  all(): void
  clear(): void
}

const columnStep = 110

/** Arrows go from row to row and scroll sideways, Space selects, Shift extends, Enter opens, Ctrl+A takes all. */
export function useGridKeys<Row>({
  frame,
  rows,
  rowCount,
  rowAt,
  selection,
  onOpen,
}: {
  frame: RefObject<HTMLDivElement | null>
  rows: Virtualizer<HTMLDivElement, Element>
  rowCount: number
  rowAt(index: number): Row | undefined
  selection: GridSelection<Row> | undefined
  onOpen: ((row: Row) => void) | undefined
}) {
  const [active, setActive] = useState<number>()
  const go = (index: number, extend: boolean) => {
    const next = Math.max(0, Math.min(rowCount - 1, index))
    setActive(next)
    rows.scrollToIndex(next, { align: 'auto' })
    if (extend) selection?.extend(next)
  }
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== frame.current || rowCount === 0) return
    const page = Math.max(1, Math.floor((frame.current.clientHeight - 32) / 30) - 1)
    const row = active === undefined ? undefined : rowAt(active)
    const moves: Record<string, number> = {
      ArrowDown: (active ?? -1) + 1,
      ArrowUp: (active ?? 1) - 1,
      PageDown: (active ?? 0) + page,
      PageUp: (active ?? 0) - page,
      ...(event.ctrlKey || event.metaKey ? { Home: 0, End: rowCount - 1 } : {}),
    }
    const to = moves[event.key]
    if (to !== undefined) go(to, event.shiftKey)
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft')
      frame.current.scrollBy({ left: event.key === 'ArrowRight' ? columnStep : -columnStep })
    else if (event.key === 'Home' || event.key === 'End')
      frame.current.scrollTo({ left: event.key === 'Home' ? 0 : frame.current.scrollWidth })
    else if (event.key === ' ' && row && selection) selection.toggle(row, active!)
    else if (event.key === 'Enter' && row) onOpen?.(row)
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'a' && selection) selection.all()
    else if (event.key === 'Escape' && selection) selection.clear()
    else return
    event.preventDefault()
  }
  return { active, keys }
}
