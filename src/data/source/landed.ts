import { mkdir } from 'node:fs/promises'
import type { SourceTable } from '../../contracts/source.ts'

/** The table, with rows that the engine cannot read by itself written into `folder`. Whoever calls removes the folder. */
export async function landed(
  table: SourceTable,
  folder: string,
  options: { rows?: number | undefined; from?: string | undefined; signal?: AbortSignal | undefined },
): Promise<SourceTable> {
  if (!table.land) return table
  await mkdir(folder, { recursive: true })
  return { ...table, ...(await table.land(folder, options)) }
}
