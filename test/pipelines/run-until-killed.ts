import { writeSync } from 'node:fs'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { openStand } from './stand.ts'

/** Starts one pipeline run, the same at every start, and brings it to its end, unless it is killed before. */
const [, , directory, postgres] = process.argv
const shared = postgres ? { store: await openPostgres(postgres, Date.now), lease: 1500 } : {}
const stand = await openStand(directory!, shared)
const step = (name: string, from?: string) => ({
  run: `echo working; sleep 0.25; setsid sleep 0.05 & cat ${from ? '"$KEDGE_INPUT_BEFORE"' : '/dev/null'} > "$KEDGE_OUTPUT_MODEL/MLmodel"; echo ${name} >> "$KEDGE_OUTPUT_MODEL/MLmodel"; cp "$KEDGE_OUTPUT_MODEL/MLmodel" "$KEDGE_OUTPUT_FILE"`,
  ...(from ? { inputs: { before: { step: from, output: 'file' } } } : {}),
  outputs: { model: 'model/', file: 'file.txt' },
  register: { model: name, output: 'model' },
})
await stand.pipelines.put({ actor: 'user/test' }, 'p', 'chain', {
  steps: { a: step('a'), b: step('b', 'a'), c: step('c', 'b') },
})
const run = await stand.pipelines.start({ actor: 'user/test' }, 'p', 'chain', { key: 'once' })
writeSync(1, 'started\n')
await stand.environment.jobs.wait(run.jobId!)
writeSync(1, 'finished\n')
await stand.close()
