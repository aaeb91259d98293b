import { createSign } from 'node:crypto'
import { z } from 'zod'
import { defineFilePlace, endpointField, type PlacedFile, type PlaceEnvironment } from '../../contracts/file-place.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { answerError, textOf } from './answer-error.ts'
import { readOverHttp } from './http-read.ts'

const scope = 'https://www.googleapis.com/auth/devstorage.read_only'
const service = 'https://storage.googleapis.com'

const listing = z.object({
  items: z.array(z.object({ name: z.string(), size: z.string(), generation: z.string() })).default([]),
  nextPageToken: z.string().optional(),
})
const serviceAccount = z.object({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token'),
})

export default defineFilePlace({
  title: 'A bucket of Google Cloud Storage',
  schemes: ['gs'],
  form: 'gs://BUCKET/OBJECT',
  access: {
    credentials: secretReference
      .optional()
      .meta({ description: 'the key file (JSON) of a service account; without one the bucket is public' }),
    endpoint: endpointField,
  },
  async open({ authority: bucket }, { credentials, endpoint = service }, environment) {
    if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket))
      throw new KedgeError('invalid_input', { what: `${bucket} is no name of a bucket` })
    const token = credentials && tokenSource(await environment.secret(credentials), environment)
    const shown = (name: string) => `gs://${bucket}/${name}`
    const objects = `${endpoint.replace(/\/$/, '')}/storage/v1/b/${encodeURIComponent(bucket)}/o`
    const get = async (address: string, headers: Record<string, string> = {}) =>
      environment.request(new URL(address), {
        headers: { ...headers, ...(token ? { authorization: `Bearer ${await token()}` } : {}) },
      })

    return {
      async *list(prefix) {
        let next: string | undefined
        do {
          const page = await environment.persistent(async () => {
            const query = new URLSearchParams({
              prefix,
              fields: 'items(name,size,generation),nextPageToken',
              ...(next ? { pageToken: next } : {}),
            })
            const answer = await get(`${objects}?${query}`)
            const body = await textOf(answer)
            if (answer.status !== 200) throw answerError(shown(prefix), answer.status, messageIn(body))
            return listing.parse(JSON.parse(body))
          })
          for (const { name, size, generation } of page.items)
            if (!name.endsWith('/')) yield { key: name, bytes: Number(size), version: generation } satisfies PlacedFile
          next = page.nextPageToken
        } while (next)
      },
      async read(name, { start = 0, known }) {
        const address = `${objects}/${encodeURIComponent(name)}`
        // a generation names the bytes, in lists too; the version of an answer is that generation
        const generation = await environment.persistent(async () => {
          const answer = await get(`${address}?fields=generation`)
          const body = await textOf(answer)
          if (answer.status !== 200) throw answerError(shown(name), answer.status, messageIn(body))
          return z.object({ generation: z.string() }).parse(JSON.parse(body)).generation
        })
        if (generation === known) return undefined
        const found = await readOverHttp(
          (headers) => get(`${address}?alt=media&generation=${generation}`, headers),
          shown(name),
          { start },
          messageIn,
        )
        return found && { ...found, version: generation }
      },
    }
  },
})

const messageIn = (text: string) => /"message":\s*"([^"]{1,150})/.exec(text)?.[1] ?? ''

/** Tokens for a service account (RFC 7523), each used until shortly before its end. */
function tokenSource(keyFile: string, { request, persistent }: PlaceEnvironment): () => Promise<string> {
  const parsed = serviceAccount.safeParse(parseJson(keyFile))
  if (!parsed.success)
    throw new KedgeError('invalid_input', { what: 'access: credentials is no key file of a service account' })
  const { client_email, private_key, token_uri } = parsed.data
  let current: { token: Promise<string>; until: number } | undefined

  async function ask(): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: client_email, scope, aud: token_uri, iat: now, exp: now + 3600 }
    const unsigned = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
    let signed: string
    try {
      signed = createSign('RSA-SHA256').update(unsigned).sign(private_key, 'base64url')
    } catch (cause) {
      throw new KedgeError(
        'invalid_input',
        { what: 'access: the private key of credentials cannot be read' },
        { cause },
      )
    }
    return persistent(async () => {
      const answer = await request(new URL(token_uri), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: `${unsigned}.${signed}`,
        }).toString(),
      })
      const body = await textOf(answer)
      if (answer.status !== 200)
        throw answerError(token_uri, answer.status, /"error":\s*"([^"]{1,100})/.exec(body)?.[1] ?? '')
      return z.object({ access_token: z.string() }).parse(JSON.parse(body)).access_token
    })
  }

  return () => {
    const now = Date.now()
    if (!current || current.until < now) {
      const one = { token: ask(), until: now + 50 * 60_000 }
      current = one
      one.token.catch(() => {
        if (current === one) current = undefined
      })
    }
    return current.token
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
