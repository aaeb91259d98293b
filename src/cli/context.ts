import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import { type ApiClient, createApiClient } from './api-client.ts'
import type { ExitCode } from './exit-code.ts'
import { createTerminal, type Terminal, type TerminalStreams } from './terminal.ts'

/** What the CLI uses of the world. */
export interface World extends TerminalStreams {
  stdin?: Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  environment: Record<string, string | undefined>
  cwd: string
  /** aborted when the user interrupts */
  signal: AbortSignal
  fetch?: typeof fetch
}

/** What a command works with. */
export interface CommandContext {
  world: World
  terminal: Terminal
  api: ApiClient
  /** --project, else KEDGE_PROJECT, else the one of the kedge.yaml here, else `default` */
  project: string
  /** The exit code when the command ends without an error. */
  exit(code: ExitCode): void
}

/** Adds an action to a command: it gets the context and the parsed arguments and options. */
export type Act = <Options>(
  command: Command,
  action: (context: CommandContext, options: Options, args: string[]) => Promise<void>,
) => void

export const defaultUrl = 'http://127.0.0.1:4700'

/** The context of one invocation, from the options of the command and its parents. */
export function createContext(world: World, command: Command, exit: (code: ExitCode) => void): CommandContext {
  const options = command.optsWithGlobals() as { json?: boolean; url?: string; project?: string }
  const { environment } = world
  return {
    world,
    terminal: createTerminal(world, { json: options.json === true, environment }),
    api: createApiClient({
      url: options.url ?? (environment.KEDGE_URL || defaultUrl),
      token: environment.KEDGE_TOKEN,
      ...(world.fetch ? { fetch: world.fetch } : {}),
    }),
    project: options.project ?? (environment.KEDGE_PROJECT || projectHere(world.cwd) || 'default'),
    exit,
  }
}

function projectHere(folder: string): string | undefined {
  const path = join(folder, 'kedge.yaml')
  return existsSync(path) ? projectOf(readFileSync(path, 'utf8')) : undefined
}

/** The project that a kedge.yaml names, however broken the rest of it is. */
export const projectOf = (text: string): string | undefined =>
  /^project:\s*["']?([a-z0-9][a-z0-9_-]*)["']?\s*(?:#.*)?$/m.exec(text)?.[1]
