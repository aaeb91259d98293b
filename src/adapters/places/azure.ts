import { createHmac } from 'node:crypto'
import type { SaxesParser } from 'saxes'
import { z } from 'zod'
import { defineFilePlace, endpointField, type PlacedFile } from '../../contracts/file-place.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { answerError, textOf } from './answer-error.ts'
import { readOverHttp } from './http-read.ts'

const serviceVersion = '2023-11-03'

export default defineFilePlace({
  title: 'A container of Azure Blob Storage or Data Lake',
  schemes: ['az', 'abfss'],
  form: 'az://CONTAINER/BLOB, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/BLOB',
  access: {
    account: z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, 'has 3 to 24 small letters and digits')
      .optional()
      .meta({
        description: 'name of the storage account, where the address does not say it',
      }),
    account_key: secretReference.optional().meta({ description: 'a key of the account' }),
    sas: secretReference.optional().meta({ description: 'a shared access signature, ?sv=…; for reading and listing' }),
    endpoint: endpointField,
  },
  async open({ authority, url }, access, environment) {
    const [container = '', host = ''] = authority.split('@')
    const account = access.account ?? /^([a-z0-9]+)\.(dfs|blob)\.core\.windows\.net$/.exec(host)?.[1]
    if (!account) throw new KedgeError('invalid_input', { what: `access: names no account for ${url}` })
    if (!/^[a-z0-9$][a-z0-9-]{1,62}$/.test(container))
      throw new KedgeError('invalid_input', { what: `${container} is no name of a container` })
    const base = new URL(access.endpoint ?? `https://${account}.blob.core.windows.net`)
    const key = access.account_key && Buffer.from(await environment.secret(access.account_key), 'base64')
    const sas = access.sas && new URLSearchParams((await environment.secret(access.sas)).replace(/^\?/, ''))
    const shown = (name: string) => `az://${container}/${name}`

    /** One GET, signed as the access says. */
    const get = (path: string, query: Record<string, string>, headers: Record<string, string>) => {
      const target = new URL(base)
      target.pathname = `${base.pathname.replace(/\/$/, '')}/${container}${path}`
      target.search = new URLSearchParams({ ...query, ...(sas ? Object.fromEntries(sas) : {}) }).toString()
      const { range, ...others } = headers
      const sent: Record<string, string> = {
        ...others,
        'x-ms-date': new Date().toUTCString(),
        'x-ms-version': serviceVersion,
        ...(range ? { 'x-ms-range': range } : {}),
      }
      if (key) sent.authorization = `SharedKey ${account}:${signature(key, account, target, query, sent)}`
      return environment.request(target, { headers: sent })
    }

    return {
      async *list(prefix) {
        const { SaxesParser } = await import('saxes')
        let marker = ''
        do {
          const text = await environment.persistent(async () => {
            const query = { restype: 'container', comp: 'list', prefix, ...(marker ? { marker } : {}) }
            const answer = await get('', query, {})
            const body = await textOf(answer)
            if (answer.status !== 200) throw answerError(shown(prefix), answer.status, codeIn(body))
            return body
          })
          const page = readListing(new SaxesParser(), text, shown(prefix))
          yield* page.files
          marker = page.next
        } while (marker)
      },
      read: (name, options) =>
        readOverHttp(
          (headers) => get(`/${name.split('/').map(encodeURIComponent).join('/')}`, {}, headers),
          shown(name),
          options,
          codeIn,
        ),
    }
  },
})

/** The signature of a GET by an account's key (Microsoft: Authorize with Shared Key). */
function signature(
  key: Buffer,
  account: string,
  target: URL,
  query: Record<string, string>,
  headers: Record<string, string>,
): string {
  const value = (name: string) => headers[name] ?? ''
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${headers[name]}`)
  const asked = Object.keys(query)
    .sort()
    .map((name) => `\n${name}:${query[name]}`)
  const text = [
    ...['GET', '', '', '', '', '', ''],
    value('if-modified-since'),
    value('if-match'),
    value('if-none-match'),
    value('if-unmodified-since'),
    '',
    ...own,
    `/${account}${target.pathname}${asked.join('')}`,
  ].join('\n')
  return createHmac('sha256', key).update(text, 'utf8').digest('base64')
}

const codeIn = (text: string) => /<Code>([^<]{1,100})<\/Code>/.exec(text)?.[1] ?? ''

/** The blobs of one page of a list, and where the next begins. */
function readListing(parser: SaxesParser, text: string, shown: string): { files: PlacedFile[]; next: string } {
  const files: PlacedFile[] = []
  let next = ''
  let [value, name, bytes, version, kind] = ['', '', 0, '', '']
  parser.on('opentag', (tag) => {
    value = ''
    if (tag.name === 'Blob') [name, bytes, version, kind] = ['', 0, '', '']
  })
  parser.on('text', (piece) => {
    value += piece
  })
  parser.on('closetag', (tag) => {
    if (tag.name === 'Name') name = value
    else if (tag.name === 'Content-Length') bytes = Number(value)
    else if (tag.name === 'Etag') version = `etag ${/^"|^W\//.test(value) ? value : `"${value}"`}`
    else if (tag.name === 'ResourceType') kind = value
    else if (tag.name === 'NextMarker') next = value
    // a data lake lists its folders too
    else if (tag.name === 'Blob' && kind !== 'directory' && !name.endsWith('/'))
      files.push({ key: name, bytes, version })
    value = ''
  })
  parser.on('error', (error) => {
    throw new KedgeError('source_refused', {
      source: shown,
      what: `its list is no XML: ${error.message.slice(0, 100)}`,
    })
  })
  parser.write(text.replace(/^\uFEFF/, '')).close()
  return { files, next }
}
