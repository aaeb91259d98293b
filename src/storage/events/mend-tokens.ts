import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Part {
  partition: string
  from: number
  to: number
}

const PART = /^(.+)_(\d+)_(\d+)_\d+(?:_\d+)?$/

function partOf(name: string): Part | undefined {
  const [, partition, from, to] = PART.exec(name) ?? []
  return partition === undefined ? undefined : { partition, from: Number(from), to: Number(to) }
}

const covers = (part: Part, other: Part) =>
  part.partition === other.partition && part.from <= other.from && part.to >= other.to

/** Lines of a log of insert tokens whose rows are in none of the parts: `operation \t part \t token hash`. */
function tokensWithoutRows(log: string, parts: readonly Part[]): Set<string> {
  return new Set(
    log.split('\n').filter((line) => {
      const noted = partOf(line.split('\t')[1] ?? '')
      return noted !== undefined && !parts.some((part) => covers(part, noted))
    }),
  )
}

/** Runs a statement and gives its tab-separated answer. */
export type RunStatement = (sql: string) => Promise<string>

/**
 * ClickHouse notes an insert's token before it makes the insert's part visible. A kill between the two would make it drop the
 * repeated insert as a duplicate of rows that it never kept. So, before anything is inserted: tokens without rows are forgotten.
 */
export async function mendTokens(run: RunStatement): Promise<number> {
  let mended = 0
  const tables = await run(`SELECT database, name, data_paths[1] FROM system.tables WHERE engine LIKE '%MergeTree'`)
  for (const line of tables.split('\n').filter(Boolean)) {
    const [database, name, path] = line.split('\t') as [string, string, string]
    const logs = join(path, 'deduplication_logs')
    if (!existsSync(logs)) continue
    const parts = readdirSync(path).flatMap((entry) => partOf(entry) ?? [])
    for (const file of readdirSync(logs).map((entry) => join(logs, entry))) {
      const log = readFileSync(file, 'utf8')
      const lost = tokensWithoutRows(log, parts)
      if (lost.size === 0) continue
      await run(`DETACH TABLE \`${database}\`.\`${name}\` SYNC`)
      const whole = log.split('\n').filter((entry) => !lost.has(entry))
      // beside the folder: every file in it is taken for a log
      writeFileSync(join(path, 'mended_log.txt'), whole.join('\n'))
      renameSync(join(path, 'mended_log.txt'), file)
      await run(`ATTACH TABLE \`${database}\`.\`${name}\``)
      mended += lost.size
    }
  }
  return mended
}
