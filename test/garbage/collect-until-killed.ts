import { context, day, openStand } from './stand.ts'

const [directory, mode] = process.argv.slice(2) as [string, 'fill' | 'collect']
const stand = await openStand(directory)
if (mode === 'fill') {
  const id = await stand.tracking.experiments.ensure(context, 'p', 'many')
  const runs = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      stand.tracking.runs.create(context, { project: 'p', experimentId: id, name: `r${i}` }),
    ),
  )
  await Promise.all(
    runs.flatMap((run, i) =>
      [`own ${i}`, `shared ${i % 10}`].map((text, j) =>
        stand.tracking.artifacts.put(context, 'p', `${id}/${run.id}/artifacts/${j}.txt`, Buffer.from(text)),
      ),
    ),
  )
  // every third stays
  await Promise.all(runs.filter((_, i) => i % 3 > 0).map((run) => stand.tracking.runs.delete(context, 'p', run.id)))
  await stand.age(20)
} else {
  stand.later(8 * day)
  if ((await stand.jobs.list({ kind: 'server.garbage' })).length === 0)
    await stand.garbage.start(context, { dryRun: false, graceMs: day })
  process.stdout.write('collecting\n')
  const [job] = await stand.jobs.list({ kind: 'server.garbage' })
  await stand.jobs.wait(job!.id)
  process.stdout.write('done\n')
}
await stand.close()
