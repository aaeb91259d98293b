import type { Readable } from 'node:stream'
import { runCli } from '../../src/cli/program.ts'

/** Runs a command of the CLI in this process and gives what it wrote. */
export async function cli(
  args: string[],
  options: {
    url?: string
    cwd?: string
    environment?: Record<string, string>
    stdin?: Readable & { isTTY?: boolean }
  } = {},
) {
  let out = ''
  let err = ''
  const code = await runCli(args, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    ...(options.stdin ? { stdin: options.stdin } : {}),
    environment: { ...(options.url ? { KEDGE_URL: options.url } : {}), ...options.environment },
    cwd: options.cwd ?? '/',
    signal: new AbortController().signal,
  })
  return { code, out, err, json: <T>() => JSON.parse(out) as T }
}
