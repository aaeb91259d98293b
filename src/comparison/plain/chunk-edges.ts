/** Where each of `chunks` equally long stretches of `rows` begins, and the end: the same as `chunkOf` in SQL. */
export const chunkEdges = (rows: number, chunks: number): number[] =>
  Array.from({ length: chunks + 1 }, (_, i) => Math.ceil((i * rows) / chunks))

/** Calls `visit` with each part of a page that lies in one chunk; positions are within the page. */
export function inChunks(
  edges: readonly number[],
  page: { firstRow: number; rows: number },
  visit: (chunk: number, from: number, to: number) => void,
): void {
  const end = page.firstRow + page.rows
  for (let chunk = 0; chunk < edges.length - 1; chunk++) {
    const from = Math.max(edges[chunk]!, page.firstRow)
    const to = Math.min(edges[chunk + 1]!, end)
    if (from < to) visit(chunk, from - page.firstRow, to - page.firstRow)
  }
}
