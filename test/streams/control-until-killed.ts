// One of several control processes; is killed while it reads a stream.
import { openControl } from './open-control.ts'

const [sql, directory, node] = process.argv.slice(2)
await openControl(sql!, directory!, node!, true)
process.stdout.write('works\n')
