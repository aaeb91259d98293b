import type { AgentOptions } from 'node:http'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { defineFilePlace, endpointField, type PlacedFile, type PlaceEnvironment } from '../../contracts/file-place.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { answerError } from './answer-error.ts'

export default defineFilePlace({
  title: 'A bucket of S3, or of a server that speaks its protocol',
  schemes: ['s3'],
  form: 's3://BUCKET/KEY',
  access: {
    endpoint: endpointField,
    region: z.string().min(1).optional().meta({ description: 'of the bucket; us-east-1 when absent' }),
    key_id: z.string().min(1).optional().meta({ description: 'id of an access key; without one the bucket is public' }),
    secret_key: secretReference.optional().meta({ description: 'the secret of the access key' }),
    session_token: secretReference.optional().meta({ description: 'of a temporary access key' }),
  },
  async open({ authority: bucket }, access, environment) {
    if (!/^[a-zA-Z0-9][\w.-]{1,61}[a-zA-Z0-9]$/.test(bucket))
      throw new KedgeError('invalid_input', { what: `${bucket} is no name of a bucket` })
    const { S3Client, GetObjectCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3')
    const client = new S3Client(await settingsOf(access, environment))
    const guarded = async <T>(key: string, work: () => Promise<T>) => {
      try {
        return await work()
      } catch (error) {
        throw s3Error(error, `s3://${bucket}/${key}`)
      }
    }
    const abort = environment.signal ? { abortSignal: environment.signal } : {}
    return {
      async *list(prefix) {
        let token: string | undefined
        do {
          const answer = await environment.persistent(() =>
            guarded(prefix, () =>
              client.send(
                new ListObjectsV2Command({
                  Bucket: bucket,
                  Prefix: prefix,
                  ...(token ? { ContinuationToken: token } : {}),
                }),
                abort,
              ),
            ),
          )
          // a key with a slash at its end stands for a folder
          for (const { Key, Size, ETag, LastModified } of answer.Contents ?? [])
            if (Key && !Key.endsWith('/'))
              yield { key: Key, bytes: Size ?? 0, version: ETag ?? `${LastModified?.getTime()}` } satisfies PlacedFile
          token = answer.NextContinuationToken
        } while (token)
      },
      read: (key, { start = 0, version, known }) =>
        guarded(key, async () => {
          const condition =
            start > 0
              ? { Range: `bytes=${start}-`, ...(version ? { IfMatch: version } : {}) }
              : known
                ? { IfNoneMatch: known }
                : {}
          const ask = (more: object) => client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }), abort)
          const answer = await ask(condition).catch((error) => {
            const status = statusOf(error)
            if (known && status === 304) return undefined
            // what is there now is another file
            if (start > 0 && (status === 412 || status === 416)) return ask({})
            throw error
          })
          if (!answer) return undefined
          const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? '')
          return {
            body: answer.Body as Readable,
            start: range ? Number(range[1]) : 0,
            size: range ? Number(range[2]) : (answer.ContentLength ?? null),
            version: answer.ETag ?? null,
          }
        }),
      close: async () => client.destroy(),
    }
  },
})

interface S3Access {
  endpoint?: string | undefined
  region?: string | undefined
  key_id?: string | undefined
  secret_key?: z.infer<typeof secretReference> | undefined
  session_token?: z.infer<typeof secretReference> | undefined
}

async function settingsOf(access: S3Access, { checkedHost, secret }: PlaceEnvironment) {
  const { endpoint, region = 'us-east-1', key_id, secret_key, session_token } = access
  if ((key_id === undefined) !== (secret_key === undefined))
    throw new KedgeError('invalid_input', { what: 'access: key_id and secret_key go together' })
  // an address in numbers is not looked up, so it is checked here
  if (endpoint) await checkedHost(new URL(endpoint).hostname)
  const agentSettings: AgentOptions = {
    keepAlive: true,
    maxSockets: 16,
    lookup(host, options, done) {
      checkedHost(host).then(
        (address) => {
          const family = isIP(address)
          if (options.all) done(null, [{ address, family }])
          else done(null, address, family)
        },
        (error) => done(error, '', 0),
      )
    },
  }
  // imported at the head they would make, with all else they export, a second fetch at each start of the server
  const [http, https] = await Promise.all([import('node:http'), import('node:https')])
  // the environment of the server may have keys of its own, which are not for sources
  const credentials = key_id
    ? {
        credentials: {
          accessKeyId: key_id,
          secretAccessKey: await secret(secret_key!),
          ...(session_token ? { sessionToken: await secret(session_token) } : {}),
        },
      }
    : { credentials: { accessKeyId: '', secretAccessKey: '' }, signer: { sign: async (request: never) => request } }
  return {
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...credentials,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      httpAgent: new http.Agent(agentSettings),
      httpsAgent: new https.Agent(agentSettings),
      connectionTimeout: 10_000,
      requestTimeout: 30_000,
      socketTimeout: 30_000,
    },
  } satisfies ConstructorParameters<typeof S3Client>[0]
}

interface ServiceError {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number }
}
const statusOf = (error: unknown) => (error as ServiceError | null)?.$metadata?.httpStatusCode

function s3Error(error: unknown, shown: string): unknown {
  if (error instanceof KedgeError) return error
  const { name = '', code } = (error ?? {}) as ServiceError
  const status = statusOf(error)
  if (name === 'NoSuchBucket') return new KedgeError('not_found', { kind: 'The bucket of', name: shown })
  if (status !== undefined && status !== 200) return answerError(shown, status, name)
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof KedgeError) return cause
  if (code || /Timeout|Network|Abort/i.test(name))
    return new KedgeError('source_unreachable', { source: shown, what: code ?? name }, { cause: error })
  return new KedgeError(
    'source_unreachable',
    { source: shown, what: 'it answers nothing that S3 would' },
    { cause: error },
  )
}
