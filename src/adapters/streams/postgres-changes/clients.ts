import type { Client, ClientConfig } from 'pg'
import { type StreamEnvironment, tlsOptions } from '../../../contracts/stream-source.ts'
import { asKedgeError, KedgeError } from '../../../errors.ts'
import { type ChangesConfig, placeOf } from './config.ts'

/** Values as text, in the same form whatever the server is set to; no limit on how long a snapshot or a wait takes. */
const settings = [
  'datestyle=ISO',
  'timezone=UTC',
  'intervalstyle=postgres',
  'extra_float_digits=3',
  'bytea_output=hex',
  'statement_timeout=0',
  'idle_in_transaction_session_timeout=0',
]

/** How to connect, with the host's address checked and the secret in it. */
export async function clientOptions(config: ChangesConfig, environment: StreamEnvironment): Promise<ClientConfig> {
  const host = await environment.checkedHost(config.host)
  const [password, tls] = await Promise.all([
    config.password ? environment.secret(config.password) : '',
    tlsOptions(config.tls, config.host, environment.secret),
  ])
  return {
    host,
    port: config.port,
    database: config.database,
    user: config.user,
    password,
    application_name: 'kedge',
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    ...(tls ? { ssl: tls } : {}),
  }
}

/** Runs something with a connection of its own. Errors: `source_…`. */
export async function withClient<T>(options: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(options)
  // its end is told by what is asked of it
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await Promise.race([client.end().catch(() => {}), new Promise((done) => setTimeout(done, 1000).unref())])
  }
}

/** Classes of SQLSTATE (PostgreSQL, appendix A) that say that the peer answers but will not. */
const refusals = /^(28|42|3D|3F|0A|55|22|58)/

/** What a client says, in terms of the source. */
export function changesError(error: unknown, config: ChangesConfig): KedgeError {
  if (error instanceof KedgeError) return error
  const { code, message } = error as { code?: string; message?: string }
  const details = { source: placeOf(config), what: String(message ?? error) }
  if (/WAL segment .* removed|can no longer get changes|invalidated/i.test(details.what))
    return new KedgeError('source_position_lost', details, { cause: error as Error })
  if (code !== undefined && refusals.test(code) && code.length === 5 && code !== '55006')
    return new KedgeError('source_refused', details, { cause: error as Error })
  if (error instanceof TypeError || error instanceof RangeError) return asKedgeError(error)
  return new KedgeError('source_unreachable', details, { cause: error as Error })
}
