import { createRequire } from 'node:module'
import { quote } from './bind-parameters.ts'
import type { EventsSettings } from './events-store.ts'

// chdb's ESM entry re-exports the CommonJS one; requiring it directly spares parsing its query builder twice
const { Session } = createRequire(import.meta.url)('chdb') as typeof import('chdb')

export interface Statement {
  sql: string
  database?: string
  settings: EventsSettings
  /** values in the text form in which ClickHouse's HTTP interface takes `param_*` */
  params: Record<string, string>
}

export interface Lease {
  /** the SQL that brings the session into the state that the statement wants, to stand before it */
  prelude(statement: Omit<Statement, 'sql' | 'params'>): string
  session: InstanceType<typeof Session>
  release(): void
}

const WORD = /^\w+$/
const checked = (word: string) => {
  if (!WORD.test(word)) throw new Error(`Code: 115. DB::Exception: Unknown setting '${word}'. (UNKNOWN_SETTING)`)
  return word
}
const literal = (value: string | number | boolean) =>
  typeof value === 'string' ? quote(value) : typeof value === 'boolean' ? String(Number(value)) : String(value)

/**
 * Sessions of the engine on one data directory, each for one statement at a time: a session runs its statements one after
 * the other and keeps settings between them. A statement beyond `size` waits for its turn.
 */
export function createSessions(directory: string, size: number, connectionArgs: readonly string[]) {
  const idle: Omit<Lease, 'release'>[] = []
  const waiting: ((lease: Lease) => void)[] = []
  let opened = 0

  const open = (): Omit<Lease, 'release'> => {
    const session = new Session(directory, { connectionArgs })
    opened++
    let current: EventsSettings = {}
    let currentDatabase: string | undefined
    return {
      session,
      prelude({ settings, database }) {
        const gone = Object.keys(current).filter((name) => !(name in settings))
        const changed = Object.entries(settings).filter(([name, value]) => current[name] !== value)
        const set = [
          ...gone.map((name) => `${name}=DEFAULT`),
          ...changed.map(([name, value]) => `${checked(name)}=${literal(value)}`),
        ]
        const use = database && database !== currentDatabase ? `USE \`${checked(database)}\`; ` : ''
        current = { ...settings }
        currentDatabase = database ?? currentDatabase
        return use + (set.length ? `SET ${set.join(', ')}; ` : '')
      },
    }
  }

  const lend = (slot: Omit<Lease, 'release'>): Lease => ({
    ...slot,
    release() {
      const next = waiting.shift()
      if (next) next(lend(slot))
      else idle.push(slot)
    },
  })

  return {
    /** Opens the engine, which takes the lock of the data directory. Throws when that fails. */
    open() {
      idle.push(open())
    },
    take(): Promise<Lease> {
      const slot = idle.pop() ?? (opened < size ? open() : undefined)
      return slot ? Promise.resolve(lend(slot)) : new Promise((resolve) => waiting.push(resolve))
    },
    close() {
      for (const { session } of idle) session.close()
    },
  }
}
