import { stepMarker } from './plan.ts'
import { hasVariable, listProcesses, type ProcessEntry, readProcess } from './process-table.ts'

export interface StepProcesses {
  /** Those alive now that are known; `thorough` looks for new ones over the whole machine. */
  alive(thorough: boolean): ProcessEntry[]
  /** Ends all of them, also those that come while it does. */
  end(): Promise<void>
}

const patience = 5000

/**
 * The processes of one step: all below `root`, in its group or session, or with the step's mark in their environment;
 * so one that has left its parent, group and session is found too. `spare` are never counted.
 */
export function stepProcesses(name: string, root: number | undefined, spare: ReadonlySet<number>): StepProcesses {
  /** number → start, which tells whether it is still the same process */
  const known = new Map<number, number>()
  /** looked at before and not of the step */
  const strangers = new Map<number, number>()

  function look() {
    const all = listProcesses()
    const now = new Map(all.map((entry) => [entry.pid, entry.startedAt]))
    for (const [pid, startedAt] of strangers) if (now.get(pid) !== startedAt) strangers.delete(pid)
    for (let found = true; found; ) {
      found = false
      for (const entry of all) {
        if (spare.has(entry.pid) || known.get(entry.pid) === entry.startedAt) continue
        const related =
          root !== undefined &&
          (entry.pid === root || entry.group === root || entry.session === root || known.has(entry.parent))
        if (!related) {
          if (strangers.get(entry.pid) === entry.startedAt) continue
          if (!hasVariable(entry.pid, stepMarker, name)) {
            strangers.set(entry.pid, entry.startedAt)
            continue
          }
        }
        known.set(entry.pid, entry.startedAt)
        found = true
      }
    }
  }

  const processes: StepProcesses = {
    alive(thorough) {
      if (thorough || known.size === 0) look()
      const alive: ProcessEntry[] = []
      for (const [pid, startedAt] of known) {
        const entry = readProcess(pid)
        if (!entry || entry.startedAt !== startedAt) known.delete(pid)
        else if (!entry.zombie) alive.push(entry)
      }
      return alive
    },
    async end() {
      const signal = (entries: ProcessEntry[], name: NodeJS.Signals) => {
        for (const { pid } of entries)
          try {
            process.kill(pid, name)
          } catch {
            // it has gone by itself
          }
      }
      for (let waited = 0; waited < patience; waited += 20) {
        // a process just forked may not have its mark yet: strangers are looked at anew
        strangers.clear()
        const alive = processes.alive(true)
        if (alive.length === 0) return
        // stopped first, so that none forks while others are ended
        signal(alive, 'SIGSTOP')
        signal(processes.alive(true), 'SIGKILL')
        await new Promise((done) => setTimeout(done, 20))
      }
    },
  }
  return processes
}

/** Ends what is alive of a step, by its mark; for what an earlier try has left. */
export const endLeftovers = (name: string): Promise<void> =>
  stepProcesses(name, undefined, new Set([process.pid])).end()
