import { readdirSync, readFileSync } from 'node:fs'

export interface TreeProcess {
  pid: number
  parent: number
  command: string
}

/** Every process of this machine, from /proc. */
function allProcesses(): TreeProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // the name of the program is in brackets and may hold blanks
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '')
        const [state, parent] = stat.split(' ')
        if (state === 'Z') return []
        return [
          {
            pid: Number(name),
            parent: Number(parent),
            command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
          },
        ]
      } catch {
        return []
      }
    })
}

/** A process and everything that it has started, directly or not. */
export function processTree(root: number): TreeProcess[] {
  const all = allProcesses()
  const found = new Set([root])
  for (let before = 0; before !== found.size; ) {
    before = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return all.filter(({ pid }) => found.has(pid))
}

export type Part = 'loop' | 'control' | 'inference' | 'events' | 'step'

/** Which part of Kedge a process is. */
export function partOf({ command }: TreeProcess): Part | undefined {
  if (/inference-process/.test(command)) return 'inference'
  if (/events-process/.test(command)) return 'events'
  if (/main\.(ts|js) serve /.test(command)) return 'control'
  if (/main\.(ts|js) loop/.test(command)) return 'loop'
  if (/^python\S* train\.py/.test(command)) return 'step'
  return undefined
}
