import { useQueries, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type RunFilter, runCellsQuery, runsPageQuery, runsPageSize } from '../../../api/tracking.ts'
import type { RunCells, RunList, RunSummary } from '../../../api/types.ts'
import type { GridView } from '../grid/grid.tsx'
import type { RunRow } from './run-columns.tsx'

/** columns of a tile */
const block = 40
/** what a running run has logged shows after so long, milliseconds */
const pulse = 4000
/** between two changes of what is fetched, milliseconds */
const restBetween = 120

interface Tiles {
  pages: number[]
  blocks: number[]
}

const none: RunCells[] = []
const places = new WeakMap<RunCells, Map<string, number>>()

/** A value of a run in the tiles that have arrived; undefined while its tile has not. */
function valueIn(tiles: readonly RunCells[], id: string, field: string): string | number | null | undefined {
  for (const tile of tiles) {
    let of = places.get(tile)
    if (!of) {
      of = new Map(tile.fields.map((name, i) => [name, i]))
      places.set(tile, of)
    }
    const at = of.get(field)
    if (at !== undefined) return tile.rows[id]?.[at] ?? null
  }
  return undefined
}

/**
 * Rows of a table that is fetched in tiles: pages of runs, and blocks of columns of each page, as they come into view.
 * While runs go, the tiles in view are fetched again and again.
 */
export function useRunRows(project: string, filter: RunFilter, names: readonly string[], pinned: readonly string[]) {
  const [tiles, setTiles] = useState<Tiles>({ pages: [0], blocks: [0] })
  const values = useMemo(() => names.filter((name) => name.includes('.')), [names])
  const fieldsOf = useCallback((at: number) => values.slice(at * block, (at + 1) * block), [values])

  const first = useQuery({ ...runsPageQuery(project, filter, 0), placeholderData: (before) => before })
  const pages = useQueries({
    queries: tiles.pages.map((page) => runsPageQuery(project, filter, page)),
    combine: useCallback((results: { data: RunList | undefined }[]) => results.map(({ data }) => data), []),
  })
  const good = useRef(first.data)
  if (first.data) good.current = first.data
  const firstPage = first.data ?? good.current
  const total = firstPage?.total ?? 0
  // another filter or order has not answered yet: what was there stays until then
  const shownPages = useMemo(() => {
    const map = new Map<number, RunList>()
    for (const [i, page] of tiles.pages.entries()) {
      const data = pages[i] ?? (page === 0 ? firstPage : undefined)
      if (data) map.set(page, data)
    }
    if (!map.has(0) && firstPage) map.set(0, firstPage)
    return map
  }, [tiles.pages, pages, firstPage])

  const wanted = useMemo(() => {
    const blocks = new Set([
      ...tiles.blocks,
      ...pinned.flatMap((name) => (values.includes(name) ? [Math.floor(values.indexOf(name) / block)] : [])),
    ])
    return tiles.pages.flatMap((page) => {
      const runs = shownPages.get(page)?.items
      if (!runs || runs.length === 0) return []
      const going = runs.some(({ status }) => status === 'RUNNING')
      return [...blocks].flatMap((at) => {
        const fields = fieldsOf(at)
        return fields.length === 0 ? [] : [{ runs: runs.map(({ id }) => id), fields, going }]
      })
    })
  }, [tiles, pinned, values, shownPages, fieldsOf])
  const cells = useQueries({
    queries: wanted.map(({ runs, fields, going }) => ({
      ...runCellsQuery(project, runs, fields),
      refetchInterval: going ? pulse : (false as const),
    })),
    combine: useCallback((results: { data: RunCells | undefined }[]) => results.map(({ data }) => data), []),
  })

  // a row stays the same object until its run or its tiles are others, so that it is not drawn again
  const made = useRef(new Map<string, { run: RunSummary; tiles: RunCells[]; row: RunRow }>())
  const rows = useMemo(() => {
    const tilesOf = new Map<string, RunCells[]>()
    for (const tile of cells)
      if (tile)
        for (const id of Object.keys(tile.rows)) {
          const own = tilesOf.get(id)
          if (own) own.push(tile)
          else tilesOf.set(id, [tile])
        }
    const byIndex = new Map<number, RunRow>()
    const kept: typeof made.current = new Map()
    for (const [page, { items }] of shownPages)
      for (const [i, run] of items.entries()) {
        const tiles = tilesOf.get(run.id) ?? none
        const before = made.current.get(run.id)
        const same =
          before?.run === run &&
          before.tiles.length === tiles.length &&
          tiles.every((tile, k) => tile === before.tiles[k])
        const own = same
          ? before
          : { run, tiles, row: { run, value: (field: string) => valueIn(tiles, run.id, field) } }
        kept.set(run.id, own)
        byIndex.set(page * runsPageSize + i, own.row)
      }
    made.current = kept
    return byIndex
  }, [shownPages, cells])

  const landing = useRef<{ last: number; timer?: ReturnType<typeof setTimeout> }>({ last: 0 })
  useEffect(() => () => clearTimeout(landing.current.timer), [])
  const onView = useCallback(
    ({ firstRow, lastRow, columns }: GridView) => {
      const pages: number[] = []
      for (let page = Math.floor(firstRow / runsPageSize); page <= Math.floor(lastRow / runsPageSize); page++)
        pages.push(page)
      const places = columns.map((name) => values.indexOf(name)).filter((at) => at >= 0)
      const blocks = [...new Set(places.map((at) => Math.floor(at / block)))]
      const next = () =>
        setTiles((before) =>
          before.pages.join() === pages.join() && before.blocks.join() === blocks.join() ? before : { pages, blocks },
        )
      // whoever flies over thousands of rows wants those where he lands
      clearTimeout(landing.current.timer)
      const wait = landing.current.last + restBetween - Date.now()
      const go = () => {
        landing.current.last = Date.now()
        next()
      }
      if (wait <= 0) go()
      else landing.current.timer = setTimeout(go, wait)
    },
    [values],
  )

  return {
    total,
    rowAt: useCallback((index: number) => rows.get(index), [rows]),
    onView,
    error: first.error,
    refetch: first.refetch,
    pending: first.isPending,
    /** the rows are those of the filter before */
    stale: first.isPlaceholderData,
  }
}
