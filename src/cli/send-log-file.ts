import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { z } from 'zod'
import { KedgeError } from '../errors.ts'
import type { filePlan, logFileAnswer, logFileRequest, loggedFile } from '../protocols/kedge/schemas/log.ts'
import type { CommandContext } from './context.ts'
import { bytes } from './readable.ts'
import { waitForJob } from './wait-for-job.ts'

export type LoggedFile = z.output<typeof loggedFile>
type Request = z.input<typeof logFileRequest>

const formats: Record<string, Request['format']> = {
  parquet: 'parquet',
  pq: 'parquet',
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  arrow: 'arrow',
  arrows: 'arrow',
}

/** The form of a file, as told or by its name. Errors: `invalid_input`. */
function formatOf(path: string, told: string | undefined): Request['format'] {
  const format = formats[told ?? path.toLowerCase().split('.').at(-1)!]
  if (format) return format
  throw new KedgeError(
    'invalid_input',
    { what: `It is not known how to read ${told ?? path}` },
    { todo: `Name a file that ends in ${Object.keys(formats).join(', ')}, or add --format.` },
  )
}

/**
 * Sends a whole file and has the server take it in; shows first how its columns are read. After an interruption the same
 * command goes on: bytes that are there are not sent, parts that were taken are not taken again.
 */
export async function sendLogFile(
  { api, terminal, project, world }: CommandContext,
  {
    path,
    endpoint,
    format,
    ...request
  }: Omit<Request, 'digest' | 'format' | 'dryRun'> & {
    path: string
    endpoint: string
    format?: string | undefined
  },
  dryRun: boolean,
): Promise<{ plan: z.output<typeof filePlan>; logged: LoggedFile | null }> {
  const base = `/api/v1/projects/${encodeURIComponent(project)}`
  const url = `${base}/endpoints/${encodeURIComponent(endpoint)}/log`
  const kind = formatOf(path, format)
  const digest = await store({ api, terminal }, path, `${base}/log-files`)
  const body = { ...request, digest, format: kind }
  const { plan } = await api.send<z.output<typeof logFileAnswer>>('POST', url, { ...body, dryRun: true })
  terminal.progress(
    terminal.table(
      ['COLUMN', 'TYPE', 'AS', 'IS'],
      plan!.columns.map((column) => [column.name, column.type, column.as, column.what]),
    ),
  )
  if (dryRun) return { plan: plan!, logged: null }
  const { jobId } = await api.send<z.output<typeof logFileAnswer>>('POST', url, body)
  const logged = await waitForJob<LoggedFile>(
    api,
    { project, jobId: jobId! },
    { what: `Logging ${path}`, signal: world.signal, progress: terminal.progress },
  )
  return { plan: plan!, logged }
}

async function store({ api, terminal }: Pick<CommandContext, 'api' | 'terminal'>, path: string, url: string) {
  const found = await stat(path).catch((cause) => {
    throw new KedgeError('not_found', { kind: 'The file', name: path }, { cause, todo: 'Check the path.' })
  })
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const digest = hash.digest('hex')
  const there = await api.get(`${url}/${digest}`).then(
    () => true,
    (error: KedgeError) => {
      if (error.class === 'not_found') return false
      throw error
    },
  )
  if (there) return digest
  terminal.progress(`Sending ${path} (${bytes(found.size)}) …`)
  await api.upload(url, await openAsBlob(path))
  return digest
}
