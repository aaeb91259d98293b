import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { z } from 'zod'
import type { codeState } from '../protocols/kedge/schemas/code-state.ts'

const run = promisify(execFile)
const largestDiff = 4 * 2 ** 20
const mostUntracked = 200

/**
 * The state of the repository that a folder is in, and how the folder differs from it; undefined when it is in none or git
 * is not there. Only what the repository knows is in the differences: of other files just their names.
 */
export async function readCodeState(folder: string): Promise<z.input<typeof codeState> | undefined> {
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', ['-C', folder, '-c', 'core.quotePath=false', ...args], {
      maxBuffer: 64 * 2 ** 20,
      timeout: 20_000,
      // nothing that the repository names is run, nothing is asked
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
    })
    return stdout
  }
  try {
    const commit = (await git('rev-parse', 'HEAD')).trim()
    const branch = (await git('symbolic-ref', '--quiet', '--short', 'HEAD').catch(() => '')).trim()
    const origin = (await git('remote', 'get-url', 'origin').catch(() => '')).trim()
    const diff = await git('diff', '--no-ext-diff', '--no-textconv', '--no-color', 'HEAD', '--', '.')
    const untracked = (await git('ls-files', '--others', '--exclude-standard', '-z', '--', '.'))
      .split('\0')
      .filter(Boolean)
    return {
      commit,
      branch: branch || null,
      origin: origin ? origin.replace(/\/\/[^@/]*@/, '//') : null,
      dirty: diff !== '' || untracked.length > 0,
      untracked: untracked.slice(0, mostUntracked),
      diff: diff === '' ? null : diff.length > largestDiff ? `${diff.slice(0, largestDiff)}\n… cut off here\n` : diff,
    }
  } catch {
    return undefined
  }
}
