import type { Pgoutput } from 'pg-logical-replication'
import type { ColumnType } from '../../../contracts/column.ts'
import { defineStreamSource } from '../../../contracts/stream-source.ts'
import { KedgeError } from '../../../errors.ts'
import { createGate } from '../gate.ts'
import { createReconnect } from '../reconnect.ts'
import { type ChangeRow, changeRows, typesOf } from './change-rows.ts'
import { changesError, clientOptions, withClient } from './clients.ts'
import { cellParser, landedName } from './column-types.ts'
import { changesConfig, placeOf } from './config.ts'
import { formatLsn, parseLsn } from './lsn.ts'
import { readRow, readSnapshot } from './read-snapshot.ts'
import { type Replication, startReplication } from './replication.ts'
import { checkSlot, dropSlot, withNewSlot } from './slot.ts'
import { type TableFacts, tableFacts } from './table-facts.ts'

interface Position {
  /** cluster and table that the rest is about */
  system: string
  place: string
  /** the declaration's `snapshot` that was read whole */
  snapshot: number
  /** every transaction that was committed before is landed */
  lsn: string
  /** rows that are landed of the transaction whose commit is there */
  within?: { commit: string; rows: number }
  /** types of the columns */
  types: Record<string, ColumnType>
  /** columns that name a row */
  key: string[]
}

export default defineStreamSource({
  kind: 'postgres-changes',
  title: 'The changes of a table of a PostgreSQL database (logical replication)',
  config: changesConfig,
  columns: [
    { name: '_operation', type: 'text' },
    { name: '_lsn', type: 'text' },
    { name: '_transaction', type: 'int' },
    { name: '_committed_at', type: 'time' },
    { name: '_unchanged', type: 'text' },
  ],
  linger: 20,
  told(config, stored) {
    const position = stored as Position | null
    if (!position) return undefined
    return {
      types: Object.entries(position.types).map(([name, type]) => ({ name, type })),
      ...(config.rows === 'current' ? { key: position.key.map(landedName) } : {}),
      changes: true,
    }
  },
  async open(config, stored, sink, environment) {
    const place = placeOf(config)
    const own = `kedge_${environment.identity.replace(/^kedge-/, '')}`.replace(/[^a-z0-9_]/g, '_')
    // the end has what is by chance
    const ownName = own.length > 63 ? `kedge_${own.slice(-57)}` : own
    const slot = config.slot ?? ownName
    const before = stored as Position | null
    let position = before?.place === place ? { ...before } : undefined
    /** everything committed before was handed over; undefined until a snapshot was */
    let done = position && position.snapshot >= config.snapshot ? parseLsn(position.lsn) : undefined
    let current: { commit: bigint; rows: number; xid: number; at: string } | undefined
    let facts: TableFacts | undefined
    let replication: Replication | undefined
    let closed = false
    const gate = createGate()
    const reconnect = createReconnect(() => void connect())
    /** rows that were handed over, and how many of them are durable */
    let given = 0
    let durable = 0

    function take(
      operation: string,
      lsn: string,
      values: Record<string, unknown>,
      more: Record<string, string | number>,
    ) {
      given++
      sink.take({
        payload: new Uint8Array(),
        row: values,
        topic: '',
        place: lsn,
        columns: { _operation: operation, _lsn: lsn, ...more },
      })
    }

    /** Hands over a row of the transaction that is read, unless it was landed before the reader began. */
    function takeChange(operation: string, values: Record<string, unknown>, unchanged?: string[]) {
      const { commit, xid, at } = current!
      const within = position?.within
      current!.rows++
      if (within && parseLsn(within.commit) === commit && current!.rows <= within.rows) return
      take(operation, formatLsn(commit), values, {
        _transaction: xid,
        _committed_at: at,
        ...(unchanged ? { _unchanged: JSON.stringify(unchanged) } : {}),
      })
    }

    const isOurs = (relation: Pgoutput.MessageRelation | undefined) =>
      relation?.schema === config.schema && relation.name === config.table

    function learn(types: Record<string, ColumnType>, key: string[]) {
      // a column that is gone is still in what was landed
      position = { ...position!, types: { ...position!.types, ...types }, key }
    }

    function handle(message: Pgoutput.Message): Promise<void> | undefined {
      switch (message.tag) {
        case 'begin':
          current = {
            commit: parseLsn(message.commitLsn!),
            rows: 0,
            xid: message.xid >>> 0,
            at: new Date(Number((message.commitTime as bigint) / 1000n)).toISOString(),
          }
          return undefined
        case 'commit':
          done = parseLsn(message.commitEndLsn!)
          current = undefined
          delete position!.within
          return undefined
        case 'relation':
          if (isOurs(message))
            learn(
              typesOf(message.columns.map(({ name, typeOid }) => ({ name, oid: typeOid }))),
              message.replicaIdentity === 'full' ? facts!.key : message.keyColumns,
            )
          return undefined
        case 'insert':
        case 'update':
        case 'delete':
          return isOurs(message.relation) ? takeChanges(changeRows(message, position!.key)) : undefined
        case 'truncate':
          if (message.relations.some(isOurs)) takeChange('truncate', {})
      }
      return undefined
    }

    function takeChanges(rows: readonly ChangeRow[]): Promise<void> | undefined {
      const moved = rows.find((row) => row.moved && row.unchanged)
      if (moved) return fetchUnchanged(moved).then(() => giveChanges(rows))
      giveChanges(rows)
      return undefined
    }

    function giveChanges(rows: readonly ChangeRow[]) {
      for (const { operation, values, unchanged } of rows) takeChange(operation, values, unchanged)
    }

    /**
     * Values that the server did not send, because they are the same, have landed under the row's earlier key. They are
     * read from the table: what has changed since comes as a later change, and lands after it.
     */
    async function fetchUnchanged(row: ChangeRow) {
      const columns = facts!.columns.filter(({ name }) => row.unchanged!.includes(landedName(name)))
      const options = await clientOptions(config, environment)
      const found = await withClient(options, (client) => readRow(client, config, columns, position!.key, row.values))
      if (!found) return
      for (const [i, { name, oid }] of columns.entries())
        row.values[landedName(name)] = found[i] === null ? null : cellParser(oid)(found[i]!)
      delete row.unchanged
    }

    /** Hands over the whole table as it was when the slot was made; `end` says that all of it is there. */
    async function snapshot(options: Awaited<ReturnType<typeof clientOptions>>) {
      await withClient(options, (client) => dropSlot(client, slot))
      await withNewSlot(options, slot, async ({ lsn, snapshot: name }) => {
        const at = formatLsn(parseLsn(lsn))
        const parsers = facts!.columns.map((column) => cellParser(column.oid))
        const names = facts!.columns.map((column) => landedName(column.name))
        sink.connection('connected')
        take('begin', at, {}, {})
        const whole = await readSnapshot({
          options,
          config,
          facts: facts!,
          snapshot: name,
          async ready() {
            await gate.ready()
            return !closed
          },
          take(values) {
            const row: Record<string, unknown> = {}
            for (const [i, value] of values.entries()) row[names[i]!] = value === null ? null : parsers[i]!(value)
            take('snapshot', at, row, {})
          },
        })
        if (!whole) return
        position!.snapshot = config.snapshot
        delete position!.within
        // in this order: what is landed with it goes on from there
        done = parseLsn(lsn)
        take('end', at, {}, {})
      })
    }

    async function connect() {
      try {
        const options = await clientOptions(config, environment)
        facts = await withClient(options, (client) => tableFacts(client, config, ownName))
        const { system, key, columns } = facts
        if (position && position.system !== system && done !== undefined)
          throw new KedgeError('source_position_lost', {
            source: place,
            what: 'there is another database cluster at this address now',
          })
        position ??= { system, place, snapshot: 0, lsn: '0/0', types: {}, key }
        position.system = system
        learn(typesOf(columns), key)
        if (done === undefined) await snapshot(options)
        else await withClient(options, (client) => checkSlot(client, config, slot))
        if (closed || done === undefined) return
        current = undefined
        const made = await startReplication({
          options,
          slot,
          publication: facts.publication,
          from: done,
          ready: gate.ready,
          started() {
            reconnect.succeeded()
            sink.connection('connected')
          },
          handle,
          idle(lsn) {
            // nothing of ours is before it that is not durable: the server need not keep its log for us
            if (given === durable && current === undefined && !position?.within) made.acknowledge(lsn)
          },
        })
        replication = made
        if (closed) await made.close()
        await made.ended
      } catch (error) {
        lost(error)
      }
    }

    function lost(error: unknown) {
      const from = replication
      replication = undefined
      void from?.close()
      if (closed) return
      // rows of a transaction that were handed over come again
      const within = landedWithin()
      if (within) position!.within = within
      current = undefined
      const known = changesError(error, config)
      sink.connection('connecting', known.withTodo())
      reconnect.later()
    }

    /** How much of which transaction was handed over, now or before the reader began. */
    function landedWithin(): Position['within'] {
      const known = position?.within
      if (!current || current.rows === 0) return known
      const before = known && parseLsn(known.commit) === current.commit ? known.rows : 0
      return { commit: formatLsn(current.commit), rows: Math.max(current.rows, before) }
    }

    sink.connection('connecting')
    void connect()
    return {
      mark() {
        const upTo = given
        const lsn = done
        const from = replication
        const within = landedWithin()
        return {
          position: position
            ? { ...position, lsn: lsn === undefined ? '0/0' : formatLsn(lsn), ...(within ? { within } : {}) }
            : before,
          acknowledge() {
            durable = upTo
            if (lsn !== undefined) from?.acknowledge(lsn)
          },
        }
      },
      pause: gate.close,
      resume: gate.open,
      lag: async () => null,
      async close() {
        closed = true
        reconnect.stop()
        gate.open()
        await replication?.close()
      },
      async forget() {
        const options = await clientOptions(config, environment)
        await withClient(options, async (client) => {
          await dropSlot(client, slot)
          if (config.publication === undefined) await client.query(`DROP PUBLICATION IF EXISTS "${ownName}"`)
        })
      },
    }
  },
})
