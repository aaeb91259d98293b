#!/usr/bin/env node
// Starts the CLI on Node 24: in this process when it is one, else on the one that the package `node` brings along.
// A checkout runs its TypeScript directly; Node strips no types under node_modules, so an installed package runs dist/.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'src', 'cli', 'main.ts')
const main = existsSync(source) && !root.includes('node_modules') ? source : join(root, 'dist', 'cli', 'main.js')
// what was compiled once is not compiled again at the next start, in the processes that this one starts neither; not in
// the temporary folder, where others may write
const cache = join(root, 'node_modules', '.cache', 'kedge')

// Node 24 lets what is young grow to 130 MB before it looks for garbage; a server that is asked much would keep them
const young = '--max-semi-space-size=8'
// what a load took is given back after it: the server does so itself, and the system's allocator must let go of it
const options = [young, '--expose-gc']
const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1048576' }

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // the option counts from a process's start only, and is of use only to one that stays
  if (process.argv[2] === 'serve' && process.execve && !process.execArgv.includes(young)) {
    const again = [process.execPath, ...options, ...process.execArgv, ...process.argv.slice(1)]
    process.execve(process.execPath, again, { NODE_COMPILE_CACHE: cache, ...allocator, ...process.env })
  }
  process.env.NODE_COMPILE_CACHE ??= module.enableCompileCache(cache).directory
  await import(pathToFileURL(main).href)
} else {
  let node
  try {
    node = join(dirname(createRequire(join(root, 'package.json')).resolve('node/package.json')), 'bin', 'node')
  } catch {
    process.stderr.write(
      `kedge: Node 24 is needed, this is ${process.version}, and the package "node" is not installed. Run npm install.\n`,
    )
    process.exit(1)
  }
  // the channel tells the child when this process is gone, however it went
  const child = spawn(node, [...options, main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { NODE_COMPILE_CACHE: cache, ...allocator, ...process.env, KEDGE_WRAPPED: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`kedge: ${node} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal) process.kill(process.pid, signal)
    else process.exit(code ?? 1)
  })
}
