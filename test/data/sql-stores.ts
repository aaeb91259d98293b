import { postgresPrograms, startPostgres } from '../servers/postgres.ts'

export interface TestSql {
  /** connection string; undefined for SQLite */
  url: string | undefined
  stop(): Promise<void>
}

/** What Kedge keeps its own state in: everything of the domain is the same on both. */
export const sqlStores: [string, () => Promise<TestSql>][] = [
  ['SQLite', async () => ({ url: undefined, stop: async () => {} })],
  ...(postgresPrograms()
    ? [
        [
          'PostgreSQL',
          async () => {
            const server = await startPostgres()
            return { url: server.url(), stop: server.stop }
          },
        ] as [string, () => Promise<TestSql>],
      ]
    : []),
]
