// Runs inside a sandbox without a network: opens the server's port on the sandbox's own loopback, passes connections to
// a socket that leads out, and runs the step's command with it. Arguments: socket, port, command…
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { constants } from 'node:os'

const [socket, port, command, ...parameters] = process.argv.slice(2)
const server = createServer((from) => {
  const to = connect(socket!)
  from.on('error', () => to.destroy())
  to.on('error', () => from.destroy())
  from.pipe(to).pipe(from)
})
server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(command!, parameters, { stdio: 'inherit' })
  child.on('error', () => process.exit(127))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
})
server.on('error', (error) => {
  console.error(`[kedge] the sandbox cannot offer the server's port: ${error.message}`)
  process.exit(126)
})
