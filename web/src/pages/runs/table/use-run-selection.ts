import { type MouseEvent, useCallback, useMemo, useRef, useState } from 'react'
import { type RunFilter, runIds } from '../../../api/tracking.ts'
import { showToast } from '../../../components/toasts.tsx'
import type { GridSelection } from '../grid/use-grid-keys.ts'
import type { RunRow } from './run-columns.tsx'

/** Which runs are selected. A range may reach over rows that have not been fetched: their ids are asked for. */
export function useRunSelection(project: string, filter: RunFilter, rowAt: (index: number) => RunRow | undefined) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const anchor = useRef(0)
  const rows = useRef(rowAt)
  rows.current = rowAt

  const add = useCallback((more: string[]) => setIds((before) => new Set([...before, ...more])), [])
  const fetchIds = useCallback(async () => {
    try {
      return (await runIds(project, filter)).items
    } catch (error) {
      showToast({ text: (error as Error).message, tone: 'bad' })
      return []
    }
  }, [project, filter])

  const extend = useCallback(
    (index: number) => {
      const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)]
      const there = Array.from({ length: to - from + 1 }, (_, i) => rows.current(from + i)?.run.id)
      if (there.every((id) => id !== undefined)) add(there)
      else void fetchIds().then((all) => add(all.slice(from, to + 1)))
    },
    [add, fetchIds],
  )
  const toggle = useCallback((row: RunRow, index: number) => {
    anchor.current = index
    setIds((before) => {
      const after = new Set(before)
      if (!after.delete(row.run.id)) after.add(row.run.id)
      return after
    })
  }, [])
  const clear = useCallback(() => setIds(new Set()), [])
  const selection = useMemo(
    (): GridSelection<RunRow> => ({
      has: (row) => ids.has(row.run.id),
      click: (row: RunRow, index: number, event: MouseEvent) => (event.shiftKey ? extend(index) : toggle(row, index)),
      toggle,
      extend,
      all: () => void fetchIds().then((all) => setIds(new Set(all))),
      clear,
    }),
    [ids, extend, toggle, fetchIds, clear],
  )
  return { ids, selection, clear }
}
