import { readFileSync } from 'node:fs'

/** what most systems let a process have at least */
const common = 1024

/** How many files and connections this process may have open at once. */
export function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    if (soft === 'unlimited') return 1_000_000
    return Number(soft) || common
  } catch {
    return common
  }
}
