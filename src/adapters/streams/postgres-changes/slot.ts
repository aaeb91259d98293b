import type { Client, ClientConfig } from 'pg'
import { KedgeError } from '../../../errors.ts'
import { withClient } from './clients.ts'
import { type ChangesConfig, placeOf } from './config.ts'

/** Whether the server still has the changes after the last landed one. Errors: `source_position_lost`. */
export async function checkSlot(client: Client, config: ChangesConfig, slot: string): Promise<void> {
  const { rows } = await client.query<{ facts: { wal_status?: string | null } }>(
    'SELECT to_jsonb(s) AS facts FROM pg_replication_slots s WHERE slot_name = $1',
    [slot],
  )
  const lost = (what: string) => new KedgeError('source_position_lost', { source: placeOf(config), what })
  if (!rows[0]) throw lost(`there is no replication slot ${slot}`)
  if (rows[0].facts.wal_status === 'lost') throw lost(`the server has removed the log that the slot ${slot} needs`)
}

/** Takes the slot away, when there is one. Errors: PostgreSQL's, while another process reads from it. */
export async function dropSlot(client: Client, slot: string): Promise<void> {
  await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
    slot,
  ])
}

/**
 * Makes the slot and gives `work` the snapshot of exactly the moment from which the slot has changes: `lsn`. The
 * snapshot may be taken over as long as `work` runs.
 */
export const withNewSlot = <T>(
  options: ClientConfig,
  slot: string,
  work: (made: { lsn: string; snapshot: string }) => Promise<T>,
): Promise<T> =>
  withClient({ ...options, replication: 'database' } as ClientConfig, async (client) => {
    const { rows } = await client.query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT ${slot} LOGICAL pgoutput EXPORT_SNAPSHOT`,
    )
    return work({ lsn: rows[0]!.consistent_point, snapshot: rows[0]!.snapshot_name })
  })
