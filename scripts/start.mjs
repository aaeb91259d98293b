// `npm start`: installs what is missing, starts Kedge and plays the flights example live in it.
// Arguments go to `kedge loop`; --port and --data have defaults.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { buildPages, installPackages, node, root } from './install.mjs'

installPackages()
buildPages()

const free = (port) =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
/** The first of 4700, 4710 … with room for the two ports after it. */
async function choosePort() {
  for (let port = 4700; port < 4800; port += 10)
    if ((await Promise.all([port, port + 1, port + 2].map(free))).every(Boolean)) return port
  return 4700
}

const given = process.argv.slice(2)
const has = (flag) => given.some((argument) => argument === flag || argument.startsWith(`${flag}=`))
const port = has('--port') ? [] : ['--port', String(await choosePort())]
const data = has('--data') ? [] : ['--data', join(root, 'kedge-data')]
const child = spawn(
  node,
  [join(root, 'src', 'cli', 'main.ts'), 'loop', '--stay', ...port, ...data, '--pace', '200', ...given],
  {
    // the stages as JSON are for programs; people read what goes on on stderr
    stdio: ['inherit', process.stdout.isTTY ? 'ignore' : 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, KEDGE_WRAPPED: '1' },
  },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)))
