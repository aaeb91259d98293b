import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Client, SFTPWrapper, Stats } from 'ssh2'
import { z } from 'zod'
import { defineFilePlace, type PlacedFile } from '../../contracts/file-place.ts'
import { secretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'

const folderLimit = 100_000

export default defineFilePlace({
  title: 'A server that speaks SFTP',
  schemes: ['sftp'],
  form: 'sftp://HOST/PATH',
  access: {
    user: z.string().min(1),
    host_key: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'is SHA256: and 43 characters, as ssh-keygen -lf shows it')
      .meta({ description: 'fingerprint of the key of the server, as ssh-keygen -lf shows it: SHA256:…' }),
    password: secretReference.optional(),
    private_key: secretReference.optional().meta({ description: 'in the form of OpenSSH or PEM' }),
    passphrase: secretReference.optional().meta({ description: 'of the private key' }),
  },
  async open({ authority }, access, environment) {
    const { hostname, port } = hostOf(authority)
    const shown = `sftp://${authority}`
    if (!access.password && !access.private_key)
      throw new KedgeError('invalid_input', { what: 'access: needs a password or a private_key' })
    const secret = async (name: 'password' | 'private_key' | 'passphrase') =>
      access[name] ? await environment.secret(access[name]) : undefined
    const settings = {
      host: await environment.checkedHost(hostname),
      port,
      username: access.user,
      password: await secret('password'),
      privateKey: await secret('private_key'),
      passphrase: await secret('passphrase'),
    }
    let opened: Promise<{ client: Client; sftp: SFTPWrapper }> | undefined
    /** One connection for all that is read, and a new one when it broke. */
    const connection = () => {
      if (opened) return opened
      const one = connect(settings, access.host_key.replace(/=$/, ''), shown, () => {
        if (opened === one) opened = undefined
      })
      opened = one
      one.catch(() => {
        if (opened === one) opened = undefined
      })
      return one
    }
    const asked = <T>(path: string, ask: (sftp: SFTPWrapper, done: (error: unknown, value: T) => void) => void) =>
      connection().then(
        ({ client, sftp }) =>
          new Promise<T>((resolve, reject) => {
            // a question on a connection that broke has no answer
            const lost = () =>
              reject(new KedgeError('source_unreachable', { source: shown, what: 'the connection broke' }))
            client.once('close', lost)
            ask(sftp, (error, value) => {
              client.off('close', lost)
              if (error) reject(sftpError(error, `${shown}${path}`))
              else resolve(value)
            })
          }),
      )
    const statOf = (path: string) => asked<Stats>(path, (sftp, done) => sftp.stat(path, done))
    const versionOf = ({ size, mtime }: Pick<Stats, 'size' | 'mtime'>) => `${mtime} ${size}`

    async function* walk(folder: string, prefix: string): AsyncIterable<PlacedFile> {
      const entries = await environment.persistent(() =>
        asked<{ filename: string; attrs: Stats }[]>(folder, (sftp, done) => sftp.readdir(folder, done as never)),
      )
      if (entries.length > folderLimit)
        throw new KedgeError('too_large', { what: `The folder ${shown}${folder}`, limit: `${folderLimit} files` })
      for (const { filename, attrs } of entries) {
        if (filename === '.' || filename === '..' || filename.includes('/')) continue
        const path = posix.join(folder, filename)
        const key = path.slice(1)
        if (attrs.isDirectory()) {
          if (prefix.startsWith(`${key}/`) || `${key}/`.startsWith(prefix)) yield* walk(path, prefix)
        } else if (key.startsWith(prefix)) {
          // a link to a folder may lead in a circle, so only links to files count
          const found = attrs.isSymbolicLink() ? await statOf(path).catch(() => undefined) : attrs
          if (found?.isFile()) yield { key, bytes: found.size, version: versionOf(found) }
        }
      }
    }

    return {
      list: (prefix) => walk(`/${prefix.includes('/') ? posix.dirname(`${prefix}x`) : ''}`, prefix),
      async read(key, { start = 0, known }) {
        const path = `/${key}`
        const found = await statOf(path)
        if (!found.isFile())
          throw new KedgeError('source_refused', { source: `${shown}${path}`, what: 'it is no plain file' })
        const version = versionOf(found)
        if (known === version) return undefined
        const { sftp } = await connection()
        const from = start < found.size ? start : 0
        const body = sftp.createReadStream(path, { start: from })
        return { body, start: from, size: found.size, version }
      },
      async close() {
        const one = await opened?.catch(() => undefined)
        one?.client.end()
      },
    }
  },
})

function hostOf(authority: string) {
  const found = /^(\[[0-9a-f:.]+\]|[^:@[\]]+)(?::(\d{1,5}))?$/i.exec(authority)
  if (!found)
    throw new KedgeError('invalid_input', {
      what: `sftp://${authority.replace(/^.*@/, '')} is no HOST or HOST:PORT; the user stands in access`,
    })
  return { hostname: found[1]!, port: Number(found[2] ?? 22) }
}

type Settings = Parameters<Client['connect']>[0]

async function connect(settings: object, hostKey: string, shown: string, onLost: () => void) {
  const { default: ssh } = await import('ssh2')
  const client = new ssh.Client()
  let presented: string | undefined
  return new Promise<{ client: Client; sftp: SFTPWrapper }>((resolve, reject) => {
    client.on('ready', () =>
      client.sftp((error, sftp) => (error ? reject(sftpError(error, shown)) : resolve({ client, sftp }))),
    )
    client.on('error', (error) => {
      if (presented !== undefined && presented !== hostKey)
        reject(
          new KedgeError(
            'source_refused',
            { source: shown, what: `its key is ${presented}, not the declared one` },
            { todo: 'If the server has a new key, ask its owner for the fingerprint and declare it as host_key.' },
          ),
        )
      else reject(sftpError(error, shown))
    })
    client.on('close', () => {
      reject(new KedgeError('source_unreachable', { source: shown, what: 'it closed the connection' }))
      onLost()
    })
    try {
      client.connect({
        ...settings,
        readyTimeout: 15_000,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        hostVerifier: (key: Buffer) => {
          presented = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=$/, '')}`
          return presented === hostKey
        },
      } as Settings)
    } catch (error) {
      // a private key of a form that it cannot read
      reject(new KedgeError('source_refused', { source: shown, what: (error as Error).message.slice(0, 200) }))
    }
  })
}

function sftpError(error: unknown, shown: string): unknown {
  if (error instanceof KedgeError) return error
  const { code, level, message = '' } = (error ?? {}) as { code?: number | string; level?: string; message?: string }
  if (code === 2) return new KedgeError('not_found', { kind: 'The file', name: shown })
  if (code === 3) return new KedgeError('source_refused', { source: shown, what: 'the user may not read it' })
  if (level === 'client-authentication')
    return new KedgeError('source_refused', { source: shown, what: 'it does not let the user in' })
  const what = typeof code === 'string' ? code : message.slice(0, 200) || 'the connection failed'
  return new KedgeError('source_unreachable', { source: shown, what }, { cause: error })
}
