import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StepOutcome } from '../contracts/executor.ts'
import type { Python } from './find-python.ts'
import { shellWord } from './shell-word.ts'

/** The uv program: one that is installed, or one that the machine's pip puts into `tools`. */
export async function findUv(
  tools: string,
  found: Python,
  execute: (command: string, at: string, onOutput: (chunk: Buffer) => void) => Promise<StepOutcome>,
  signal: AbortSignal,
  say: (text: string | Buffer) => void,
): Promise<string | undefined> {
  const program = join(tools, 'uv', 'bin', 'uv')
  const own = await stat(program).catch(() => undefined)
  if (own) return program
  await mkdir(tools, { recursive: true })
  const silent = () => {}
  if ((await execute('uv --version', tools, silent)).exitCode === 0) return 'uv'
  signal.throwIfAborted()
  say('[kedge] installing uv, which installs packages several times faster than pip\n')
  const build = `uv.${randomBytes(4).toString('hex')}`
  const pip = found.hasPip ? shellWord(found.path) : `${shellWord(join(tools, `${build}.venv`))}/bin/python`
  const venv = found.hasPip ? '' : `${shellWord(found.path)} -m venv ${shellWord(join(tools, `${build}.venv`))} && `
  const outcome = await execute(
    `${venv}${pip} -m pip install -q --only-binary :all: --target ${shellWord(join(tools, build))} uv`,
    tools,
    say,
  )
  signal.throwIfAborted()
  await rm(join(tools, `${build}.venv`), { recursive: true, force: true })
  if (outcome.exitCode === 0)
    await rename(join(tools, build), join(tools, 'uv')).catch(() =>
      rm(join(tools, build), { recursive: true, force: true }),
    )
  return (await stat(program).catch(() => undefined)) ? program : undefined
}
