// A server of its own for the test that kills it: prints its address, then serves.
import { startTrackingServer } from '../servers/tracking-server.ts'

const server = await startTrackingServer(process.argv[2]!)
console.log(server.address)
