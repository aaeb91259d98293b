import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'

const run = promisify(execFile)
const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path))

/** Why there is no SSH server to test with; undefined where there is one. */
export const sshdObstacle = sshd ? undefined : 'OpenSSH is not installed (Debian: apt-get install openssh-server)'
if (sshdObstacle) console.warn(`skipped: the tests with a real SFTP server. ${sshdObstacle}`)

export interface SshServer {
  port: number
  user: string
  /** SHA256:… as ssh-keygen shows it */
  hostKey: string
  /** that the user is let in with */
  privateKey: string
  /** ends the connections there are */
  drop(): void
  stop(): Promise<void>
}

/** Starts a throw-away SSH server for this very user on a free port of 127.0.0.1, with keys of its own. */
export async function startSshd(): Promise<SshServer> {
  if (!sshd) throw new Error(sshdObstacle)
  const directory = mkdtempSync(join(tmpdir(), 'kedge-sshd-'))
  const [port] = (await freePorts(1)) as [number]
  // a server of root drops its rights in this folder, and will not start without it
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const keyFile = (name: string) => join(directory, name)
  for (const name of ['host', 'user']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile(name)])
  writeFileSync(keyFile('authorized'), readFileSync(keyFile('user.pub')), { mode: 0o600 })
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${keyFile('host')}`,
    `AuthorizedKeysFile ${keyFile('authorized')}`,
    `PidFile ${keyFile('pid')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(keyFile('config'), `${settings.join('\n')}\n`)
  const child = spawn(sshd, ['-D', '-e', '-f', keyFile('config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (piece) => {
    said += piece
  })
  await listening(port, child, () => said)
  const { stdout } = await run('ssh-keygen', ['-lf', keyFile('host.pub')])
  return {
    port,
    user: userInfo().username,
    hostKey: stdout.split(' ')[1]!,
    privateKey: readFileSync(keyFile('user'), 'utf8'),
    drop() {
      // every connection is a process below the server
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
      for (const pid of children.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    },
    async stop() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function listening(port: number, child: ReturnType<typeof spawn>, said: () => string) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said()}`)
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`sshd does not listen: ${said()}`)
}
