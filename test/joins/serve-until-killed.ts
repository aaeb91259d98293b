// A server of its own for the test that kills it: prints its address, then serves.
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { startKedge } from '../../src/main.ts'

const kedge = await startKedge(
  readConfig({ port: 0, data: process.argv[2]!, logLevel: 'silent', roles: ['control'] }),
  silentLog,
)
console.log(kedge.address)
