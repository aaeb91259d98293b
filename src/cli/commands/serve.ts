import type { Command } from 'commander'
import { configSchema, readConfig } from '../../config.ts'
import type { Act } from '../context.ts'
import { memoryOfProcess, returnMemory } from '../return-memory.ts'

/** What must not stand on a command line, where every user of the machine can read it. */
const secret = new Set(['adminToken', 'internalSecret', 'secretKey'])
const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const variable = (key: string) => `KEDGE_${kebab(key).replaceAll('-', '_').toUpperCase()}`

const everything = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const

/** Adds `kedge serve`; its options are those of the configuration. */
export function addServe(program: Command, act: Act): void {
  const command = program.command('serve').description('Start a server and keep it running until it is told to stop')
  for (const [key, schema] of Object.entries(configSchema.shape))
    if (!secret.has(key))
      command.option(`--${kebab(key)} <value>`, `${schema.description ?? ''} (${variable(key)})`.trim())
  command.addHelpText(
    'after',
    `
From the environment only: ${[...secret].map(variable).join(', ')}.

Examples:
  $ kedge serve --port 8080 --data /var/lib/kedge
  $ KEDGE_ADMIN_TOKEN=… kedge serve --host 0.0.0.0 --auth token
  $ KEDGE_INTERNAL_SECRET=… kedge serve --roles inference --control http://control:4700
  $ kedge serve --sql postgres://kedge@db/kedge --events http://default@clickhouse:8123/kedge --blobs s3://models`,
  )
  act<Record<string, string>>(command, async ({ terminal, world }, options) => {
    const config = readConfig(options, world.environment)
    const [{ startKedge, startInferenceAlone }, { createLog }] = await Promise.all([
      import('../../main.ts'),
      import('../../log.ts'),
    ])
    const server = config.roles.includes('control') ? startKedge : startInferenceAlone
    const kedge = await server(config, createLog(config.logLevel))
    terminal.answer(
      { address: kedge.address, data: config.data, pid: process.pid },
      () => `Kedge is at ${kedge.address}`,
    )
    try {
      await kedge.ready()
    } catch (error) {
      // half a server would keep the data directory and the port, and answer no prediction
      await kedge.stop()
      throw error
    }
    // there when the server was started with what `bin/kedge.mjs` gives it
    const { gc } = globalThis
    const collect = () => {
      kedge.rest()
      gc?.(everything)
    }
    const stopReturning = gc && returnMemory({ ...memoryOfProcess(), collect })
    if (!world.signal.aborted)
      await new Promise<void>((resolve) => world.signal.addEventListener('abort', () => resolve(), { once: true }))
    stopReturning?.()
    terminal.progress('Stopping …')
    await kedge.stop()
  })
}
