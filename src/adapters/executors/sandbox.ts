import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Availability, defineExecutor, type StepCommand } from '../../contracts/executor.ts'
import { isInstalled, limitedCommand, threadLimits } from './limited-command.ts'
import { runSupervised } from './run-supervised.ts'

const run = promisify(execFile)
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const insideFile = fileURLToPath(new URL(`./supervisor/sandbox-process${extension}`, import.meta.url))
const isolation = [
  '--die-with-parent',
  '--new-session',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--cap-drop',
  'ALL',
]
/** The machine's file system, which cannot be written to. */
const system = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']

let tried: Promise<Availability> | undefined

async function tryOut(): Promise<Availability> {
  if (!(await isInstalled('bwrap')))
    return {
      available: false,
      why: 'bubblewrap (bwrap) is not installed',
      todo: 'Install it (Debian: apt-get install bubblewrap), or declare `executor: process`.',
    }
  try {
    await run('bwrap', [...isolation, '--unshare-net', ...system, '--tmpfs', '/tmp', 'true'])
    return { available: true }
  } catch (error) {
    const why = `bubblewrap cannot make a sandbox here: ${String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .slice(0, 200)}`
    return {
      available: false,
      why,
      todo: 'Allow user namespaces (in a container: --security-opt seccomp=unconfined), or declare `executor: process`.',
    }
  }
}

/**
 * The file system as the step sees it: everything read-only but its own folder. `/tmp` is in that folder too, and what
 * hides others cannot be written to, so that no file of the step takes memory behind the back of its limit.
 */
async function mounts(step: StepCommand): Promise<string[]> {
  const temporary = join(step.folder, '.tmp')
  await mkdir(temporary, { recursive: true })
  const argv = [...system, '--bind', temporary, '/tmp', '--tmpfs', '/run']
  // where some systems keep the addresses of name servers
  if (step.network === 'all') argv.push('--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve')
  for (const folder of step.hidden) argv.push('--tmpfs', folder)
  for (const path of step.readable) argv.push('--ro-bind', path, path)
  argv.push('--bind', step.folder, step.folder)
  for (const folder of ['/run', ...step.hidden]) argv.push('--remount-ro', folder)
  return [...argv, '--chdir', step.folder]
}

export default defineExecutor({
  kind: 'sandbox',
  title: 'A sandbox (bubblewrap): reads the system, writes only to its own folder',
  cannotPrevent: ['that the step reads files of this machine outside of Kedge’s data directory'],
  protectsInputs: true,
  available: () => (tried ??= tryOut()),
  async run(step, options) {
    const argv = ['bwrap', ...isolation, ...(await mounts(step))]
    if (step.network !== 'all') argv.push('--unshare-net')
    const command = await limitedCommand(step.command, step.limits)
    const env = { ...threadLimits(step.limits.cpus), ...step.env }
    if (step.network !== 'server' || step.serverPort === undefined)
      return runSupervised({ ...step, env }, [...argv, '--', ...command], options)
    // a short path of its own: a socket's has 108 bytes at most
    const folder = await mkdtemp(join(tmpdir(), 'kedge-'))
    const socket = join(folder, 'server')
    const inside = [process.execPath, '--max-old-space-size=64', insideFile, socket, String(step.serverPort)]
    const own = [insideFile, process.execPath, folder].flatMap((path) => ['--ro-bind', path, path])
    try {
      return await runSupervised({ ...step, env }, [...argv, ...own, '--', ...inside, ...command], options, {
        forward: { socket, port: step.serverPort },
        ownFile: insideFile,
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})
