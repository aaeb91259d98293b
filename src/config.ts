import { resolve } from 'node:path'
import { z } from 'zod'
import { KedgeError } from './errors.ts'

const port = z.coerce.number().int().min(0).max(65535)
export const roles = ['control', 'inference'] as const

const price = (of: string) => z.coerce.number().min(0).default(0).describe(`what ${of} costs, for the costs of runs`)

const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

/** Every option of a server. A flag wins over its `KEDGE_*` variable, which wins over the default. */
export const configSchema = z.object({
  host: z.string().default('127.0.0.1').describe('address to listen on; beyond loopback needs --auth token'),
  port: port.default(4700).describe('UI, API and MLflow API'),
  inferencePort: port.optional().describe('predictions over REST; the port after --port when absent'),
  grpcPort: port.optional().describe('predictions over gRPC; the port after the one for REST when absent'),
  data: z
    .string()
    .default('./kedge-data')
    .transform((path) => resolve(path))
    .describe('data directory'),
  roles: z
    .union([
      z.array(z.enum(roles)),
      z
        .string()
        .transform(list)
        .pipe(z.array(z.enum(roles))),
    ])
    .default([...roles])
    .describe('which parts run in this process tree: control, inference'),
  modelMemory: z
    .union([
      z.number().int().positive(),
      z
        .string()
        .regex(/^\d+(\.\d+)?\s*(MiB|GiB)$/, 'is not a size such as 512MiB or 2GiB')
        .transform((text) => Math.round(Number.parseFloat(text) * (text.endsWith('GiB') ? 2 ** 30 : 2 ** 20))),
    ])
    .optional()
    .describe(
      'what models in the memory of an inference process may take, such as 2GiB; a quarter of the machine when absent',
    ),
  control: z.url().optional().describe('address of the control process, for an inference process that runs alone'),
  sql: z.string().optional().describe('postgres://… in place of the embedded SQLite'),
  events: z
    .string()
    .optional()
    .describe('http://user:password@host:8123/database of a ClickHouse in place of the embedded one'),
  blobs: z.string().optional().describe('s3://bucket/prefix?endpoint=… in place of a directory'),
  auth: z
    .enum(['none', 'token'])
    .optional()
    .describe('none: everybody who reaches the port may do everything (loopback only)'),
  adminToken: z.string().min(16).optional().describe('a token with all permissions, for the first start'),
  internalSecret: z
    .string()
    .min(16)
    .regex(/^[!-~]*$/, 'goes in a header: it may have letters of ASCII, digits and signs, and no spaces')
    .optional()
    .describe('shared by processes of one installation on several machines'),
  secretKey: z
    .string()
    .optional()
    .describe('64 hex digits that encrypt stored secrets; a file in the data directory when absent'),
  allowedHost: z
    .union([z.array(z.string()), z.string().transform(list)])
    .default([])
    .describe('further host names by which browsers may address this server'),
  allowSourceHost: z
    .union([z.array(z.string()), z.string().transform(list)])
    .default([])
    .describe('hosts that sources and webhooks may call although they are not public; * for all'),
  sourceFolder: z
    .union([z.array(z.string()), z.string().transform(list)])
    .optional()
    .describe('folders below which sources may read files; all when absent, unless --auth token: then DATA/files'),
  priceCpuHour: price('an hour of a busy processor'),
  priceGpuHour: price('an hour of a GPU'),
  priceGibHour: price('an hour of a GiB of memory'),
  currency: z.string().min(1).max(20).default('unit').describe('of the prices'),
  otlpUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('base address of an OpenTelemetry collector that metrics are sent to, such as http://host:4318'),
  otlpHeaders: z
    .string()
    .regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, 'is not name=value,name=value')
    .optional()
    .describe('headers for the collector, name=value,name=value; set KEDGE_OTLP_HEADERS where they are secret'),
  otlpInterval: z.coerce
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('seconds from one sending of metrics to the next'),
  openlineageUrl: z
    .string()
    .regex(/^(https?:\/\/|file:\/).+/, 'is no http://, https:// or file:/ address')
    .optional()
    .describe('where OpenLineage events are sent: address of a server that takes them, or file:/path/events.jsonl'),
  openlineageApiKey: z.string().optional().describe('sent to it as a bearer token; set KEDGE_OPENLINEAGE_API_KEY'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export type Config = z.output<typeof configSchema>

const variable = (key: string) => `KEDGE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** The configuration from flags and environment. Errors: `invalid_input` names every option that is wrong. */
export function readConfig(
  flags: Record<string, unknown>,
  environment: Record<string, string | undefined> = {},
): Config {
  const input: Record<string, unknown> = {}
  for (const key of Object.keys(configSchema.shape)) {
    const value = flags[key] ?? environment[variable(key)]
    if (value !== undefined && value !== '') input[key] = value
  }
  const parsed = configSchema.safeParse(input)
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message }))
    throw new KedgeError(
      'invalid_input',
      { what: places.map((place) => `--${place.where}: ${place.what}`).join('; ') },
      { places },
    )
  }
  const config = parsed.data
  if (!isLoopback(config.host) && config.auth !== 'token')
    throw new KedgeError(
      'invalid_input',
      { what: `--host ${config.host} is reachable by others, which needs authentication` },
      { todo: 'Add --auth token and set KEDGE_ADMIN_TOKEN for the first start, or listen on 127.0.0.1.' },
    )
  return config
}

/** Whether only this machine reaches the address. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)
