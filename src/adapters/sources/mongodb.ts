import type { Filter, MongoClient } from 'mongodb'
import { z } from 'zod'
import { columnTypes } from '../../contracts/column.ts'
import { defineDiscovery, defineSource, type SourceEnvironment, secretReference } from '../../contracts/source.ts'
import { tlsOptions, tlsSettings } from '../../contracts/stream-source.ts'
import { KedgeError } from '../../errors.ts'
import type { Document, DocumentValue } from './documents/document.ts'
import { documentColumns } from './documents/document-columns.ts'
import { documentTable } from './documents/document-table.ts'
import { incrementalSettings } from './incremental.ts'

const config = z
  .strictObject({
    kind: z.literal('mongodb'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65535).default(27017),
    database: z.string().min(1).max(64),
    collection: z.string().min(1).max(200),
    user: z.string().min(1).optional(),
    password: secretReference.optional(),
    authDatabase: z.string().min(1).default('admin').meta({ description: 'database in which the user is' }),
    tls: tlsSettings.optional(),
    columns: z.record(z.string().min(1), z.enum(columnTypes)).optional().meta({
      description:
        'fields that are columns; when absent those of the first and last 1,000 documents. All others are in the column _other',
    }),
    ...incrementalSettings,
  })
  .meta({ id: 'MongodbSource' })
type Config = z.infer<typeof config>
type Place = Pick<Config, 'host' | 'port' | 'database' | 'user' | 'password' | 'authDatabase' | 'tls'>

const sampled = 1000
const patience = 5000

export default defineSource({
  kind: 'mongodb',
  title: 'A collection of a MongoDB database',
  config,
  discover: defineDiscovery(
    config
      .pick({ host: true, port: true, database: true, user: true, password: true, authDatabase: true, tls: true })
      .strip(),
    (place, environment, limit) =>
      withClient(place, environment, async (client) => {
        const found = await collectionsOf(client, place)
        return found
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .slice(0, limit)
          .map(({ name, type }) => ({ what: type ?? 'collection', title: name, set: { collection: name } }))
      }),
  ),
  async open({ kind: _, columns: declared, incremental, lag, key, ...place }, environment) {
    const columns = await withClient(place, environment, async (client) => {
      const collection = client.db(place.database).collection(place.collection)
      const known = await collectionsOf(client, place)
      if (!known.some(({ name }) => name === place.collection))
        throw new KedgeError('source_refused', {
          source: place.collection,
          what: `the database ${place.database} has no collection ${place.collection}`,
        })
      const ends = declared
        ? []
        : [
            ...(await collection.find().sort({ _id: 1 }).limit(sampled).toArray()),
            ...(await collection.find().sort({ _id: -1 }).limit(sampled).toArray()),
          ]
      return documentColumns({
        sample: ends.map((document) => plainValue(document) as Document),
        own: [{ name: '_id', type: 'text' }],
        declared,
        texts: false,
        doubles: true,
      })
    })
    return documentTable({
      columns,
      growth: { incremental, lag, key },
      async *read({ rows, from, signal }) {
        const client = await connect(place, environment)
        try {
          const collection = client.db(place.database).collection(place.collection)
          const filter = from === undefined ? {} : await notLess(client, place, incremental!, from)
          const cursor = collection.find(filter, { sort: { _id: 1 }, ...(rows === undefined ? {} : { limit: rows }) })
          for await (const document of cursor) {
            signal?.throwIfAborted()
            yield plainValue(document) as Document
          }
        } catch (error) {
          throw mongoError(error, place)
        } finally {
          await client.close().catch(() => {})
        }
      },
    })
  },
})

/** What whoever asks may read. */
async function collectionsOf(client: MongoClient, { database }: Pick<Place, 'database'>) {
  const found = await client.db(database).listCollections({}, { nameOnly: true, authorizedCollections: true }).toArray()
  return found.filter(({ name }) => !name.startsWith('system.'))
}

/** The condition under which a field is not less than a value that was read before, in the type that the field has. */
async function notLess(
  client: MongoClient,
  place: Place & { collection: string },
  field: string,
  from: string,
): Promise<Filter<object>> {
  const { Long, ObjectId } = await import('mongodb')
  const [last] = await client
    .db(place.database)
    .collection(place.collection)
    .find({ [field]: { $ne: null } })
    .sort({ [field]: -1 })
    .limit(1)
    .toArray()
  const value = last?.[field] as unknown
  const bound =
    value instanceof ObjectId
      ? new ObjectId(from)
      : value instanceof Date
        ? new Date(`${from.replace(' ', 'T')}Z`)
        : typeof value === 'string'
          ? from
          : /^[+-]?\d+$/.test(from)
            ? Long.fromString(from)
            : Number(from)
  return { [field]: { $gte: bound } }
}

/** A value of BSON by the names of its types (bson.org), in terms that every store has. */
function plainValue(value: unknown): DocumentValue {
  if (value === null || value === undefined) return null
  if (typeof value !== 'object') return value as DocumentValue
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map(plainValue)
  const { _bsontype: type } = value as { _bsontype?: string }
  switch (type) {
    case undefined:
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]))
    case 'Double':
      return Number(value)
    case 'Int32':
      return BigInt(Number(value))
    case 'Long':
      return (value as { toBigInt(): bigint }).toBigInt()
    case 'Binary':
      return (value as { toString(form: 'base64'): string }).toString('base64')
    default:
      // ObjectId, Decimal128, UUID, Timestamp, regular expressions
      return String(value)
  }
}

async function connect(place: Place, environment: SourceEnvironment): Promise<MongoClient> {
  const [{ MongoClient }, host, password, tls] = await Promise.all([
    // with the first source: a server without one need not load it
    import('mongodb'),
    environment.checkedHost(place.host),
    place.password && environment.secret(place.password),
    tlsOptions(place.tls, place.host, environment.secret),
  ])
  const client = new MongoClient(`mongodb://${host.includes(':') ? `[${host}]` : host}:${place.port}`, {
    // what the server says of its other members may lead anywhere
    directConnection: true,
    appName: 'kedge',
    // whole numbers and floats stay apart
    promoteValues: false,
    promoteLongs: false,
    connectTimeoutMS: patience,
    serverSelectionTimeoutMS: patience,
    retryReads: false,
    ...(place.user === undefined
      ? {}
      : { auth: { username: place.user, password: password ?? '' }, authSource: place.authDatabase }),
    ...(tls ? { tls: true, ...tls } : {}),
  })
  try {
    return await client.connect()
  } catch (error) {
    await client.close().catch(() => {})
    throw mongoError(error, place)
  }
}

async function withClient<T>(place: Place, environment: SourceEnvironment, work: (client: MongoClient) => Promise<T>) {
  const client = await connect(place, environment)
  try {
    return await work(client)
  } catch (error) {
    throw mongoError(error, place)
  } finally {
    await client.close().catch(() => {})
  }
}

/** What the driver says, in terms of the source. */
function mongoError(error: unknown, { host, port, database }: Place): unknown {
  if (error instanceof KedgeError || (error as Error).name === 'AbortError') return error
  const { name = '', message = '' } = error as Error
  if (!name.startsWith('Mongo')) return error
  const details = { source: `${host}:${port}/${database}`, what: message }
  const refused = name === 'MongoServerError'
  return new KedgeError(refused ? 'source_refused' : 'source_unreachable', details, { cause: error as Error })
}
