import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { z } from 'zod'
import { type BlobInfo, type BlobStore, defineBlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'
import { blobKey, digestOf } from './blob-key.ts'
import { openBlobDirectory } from './directory.ts'
import { verified } from './verified.ts'
import { writeDigested } from './write-digested.ts'

const config = z.strictObject({
  kind: z.literal('s3'),
  bucket: z.string().min(1),
  prefix: z.string().default('').meta({ description: 'in front of every key' }),
  region: z.string().default('us-east-1'),
  endpoint: z.url().optional().meta({ description: 'of an S3-compatible server other than AWS' }),
  accessKeyId: z.string().optional().meta({ description: 'with secretAccessKey; else the AWS environment is used' }),
  secretAccessKey: z.string().optional(),
})

/** Larger files go up in parts of this size, so that memory stays flat. */
const partSize = 16 * 2 ** 20
const mostParts = 10_000
/** An object that was put longer ago is put again, so that its age says when it was put last. */
const renewAfter = 3_600_000

interface ServiceError {
  name?: string
  message?: string
  code?: string
  $metadata?: { httpStatusCode?: number }
}

const isAbsent = (error: unknown) => {
  const { name, $metadata } = (error ?? {}) as ServiceError
  return name === 'NotFound' || name === 'NoSuchKey' || $metadata?.httpStatusCode === 404
}

function s3Error(error: unknown, bucket: string): unknown {
  if (error instanceof KedgeError) return error
  const { name, message, code, $metadata } = (error ?? {}) as ServiceError
  if (code === 'ENOSPC') return new KedgeError('disk_full', { path: 'the cache of blobs' }, { cause: error })
  if ($metadata || code || /Timeout|Network|AccessDenied|NoSuchBucket/i.test(name ?? ''))
    return new KedgeError(
      'unavailable',
      { what: `The bucket ${bucket} cannot be used: ${code ?? name ?? message}` },
      { cause: error },
    )
  return error
}

/** Blobs in an S3-compatible bucket; what is asked for by path is copied to `cacheDirectory` once. */
async function openBucket(settings: z.infer<typeof config>, cacheDirectory: string): Promise<BlobStore> {
  const { bucket, prefix, region, endpoint, accessKeyId, secretAccessKey } = settings
  const client = new S3Client({
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const cache = await openBlobDirectory(cacheDirectory)
  const spool = join(cacheDirectory, 'spool')
  await rm(spool, { recursive: true, force: true })
  await mkdir(spool, { recursive: true })
  const place = (digest: string) => ({ Bucket: bucket, Key: prefix + blobKey(digest) })
  const guarded = async <T>(work: () => Promise<T>) => {
    try {
      return await work()
    } catch (error) {
      throw s3Error(error, bucket)
    }
  }

  const info = (digest: string): Promise<(BlobInfo & { modifiedAt: number }) | undefined> =>
    guarded(async () => {
      try {
        const found = await client.send(new HeadObjectCommand(place(digest)))
        return { digest, bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified?.getTime() ?? 0 }
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })

  async function uploadParts(file: string, { digest, bytes }: BlobInfo) {
    const size = Math.max(partSize, Math.ceil(bytes / mostParts))
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(place(digest)))
    try {
      const parts = []
      for (let start = 0, PartNumber = 1; start < bytes; start += size, PartNumber++) {
        const Body = await readPart(file, start, Math.min(size, bytes - start))
        const { ETag } = await client.send(new UploadPartCommand({ ...place(digest), UploadId, PartNumber, Body }))
        parts.push({ ETag, PartNumber })
      }
      await client.send(
        new CompleteMultipartUploadCommand({ ...place(digest), UploadId, MultipartUpload: { Parts: parts } }),
      )
    } catch (error) {
      await client.send(new AbortMultipartUploadCommand({ ...place(digest), UploadId })).catch(() => {})
      throw error
    }
  }

  /** An object appears whole or not at all: by one request, or when its parts are completed. */
  async function upload(file: string, blob: BlobInfo): Promise<BlobInfo> {
    const there = await info(blob.digest)
    if (there?.bytes === blob.bytes && Date.now() - there.modifiedAt < renewAfter) return blob
    if (blob.bytes > partSize) await uploadParts(file, blob)
    else
      await client.send(
        new PutObjectCommand({
          ...place(blob.digest),
          Body: await readPart(file, 0, blob.bytes),
          ContentLength: blob.bytes,
        }),
      )
    return blob
  }

  async function open(digest: string, range: { start?: number; end?: number } = {}): Promise<Readable> {
    const { start = 0, end } = range
    const whole = start === 0 && end === undefined
    try {
      const answer = await client.send(
        new GetObjectCommand({ ...place(digest), ...(whole ? {} : { Range: `bytes=${start}-${end ?? ''}` }) }),
      )
      const body = answer.Body as Readable
      return whole ? verified(body, digest) : body
    } catch (error) {
      if (isAbsent(error)) throw new KedgeError('not_found', { kind: 'Blob', name: digest })
      if ((error as ServiceError).$metadata?.httpStatusCode === 416) return Readable.from([], { objectMode: false })
      throw s3Error(error, bucket)
    }
  }

  return {
    put: (content, expected) =>
      guarded(async () => {
        const file = join(spool, randomUUID())
        try {
          const blob = await writeDigested(file, content)
          if (expected !== undefined && blob.digest !== expected)
            throw new KedgeError('blob_mismatch', { found: blob.digest, expected })
          return await upload(file, blob)
        } finally {
          await rm(file, { force: true })
        }
      }),
    putFile: (path, { move = false } = {}) =>
      guarded(async () => {
        const hash = createHash('sha256')
        await pipeline(createReadStream(path), hash)
        const stored = await upload(path, { digest: hash.digest('hex'), bytes: (await stat(path)).size })
        if (move) await rm(path, { force: true })
        return stored
      }),
    async get(digest, range = {}) {
      if (range.end !== undefined && range.end < (range.start ?? 0)) return Readable.from([], { objectMode: false })
      return open(digest, range)
    },
    async stat(digest) {
      const found = await info(digest)
      return found && { digest, bytes: found.bytes }
    },
    // between the look and the deletion lies one round trip, in which a bucket has no way to hold others off
    delete: (digest, { putBefore } = {}) =>
      guarded(async () => {
        const there = await info(digest)
        if (!there || (putBefore !== undefined && there.modifiedAt >= putBefore)) return false
        await client.send(new DeleteObjectCommand(place(digest)))
        return true
      }),
    async *list() {
      let ContinuationToken: string | undefined
      do {
        const token = ContinuationToken
        const answer = await guarded(() =>
          client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: `${prefix}sha256/`,
              ...(token ? { ContinuationToken: token } : {}),
            }),
          ),
        )
        for (const { Key, Size, LastModified } of answer.Contents ?? []) {
          const digest = digestOf((Key ?? '').slice(prefix.length))
          if (digest) yield { digest, bytes: Size ?? 0, modifiedAt: LastModified?.getTime() ?? 0 }
        }
        ContinuationToken = answer.NextContinuationToken
      } while (ContinuationToken)
    },
    async localPath(digest) {
      if (!(await cache.stat(digest))) await cache.put(await open(digest), digest)
      return cache.localPath(digest)
    },
    async close() {
      client.destroy()
    },
  }
}

async function readPart(file: string, start: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const part = Buffer.alloc(length)
    const { bytesRead } = await handle.read(part, 0, length, start)
    if (bytesRead !== length) throw new KedgeError('conflict', { what: 'A file changed while it was stored' })
    return part
  } finally {
    await handle.close()
  }
}

export default defineBlobStore({
  kind: 's3',
  title: 'A bucket of an S3-compatible server',
  config,
  open: (settings, { cacheDirectory }) => openBucket(settings, cacheDirectory),
})
