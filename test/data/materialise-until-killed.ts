// Makes versions of one dataset, window after window, and says each when it is published; is killed in the middle.
import { by, openData, project } from './open-data.ts'

const [directory, firstDay] = process.argv.slice(2)
const data = await openData({ directory: directory! })
for (let day = Number(firstDay); ; day++) {
  const from = Date.UTC(2001, 0, 1 + day)
  const version = await data.datasets.materialiseNow(by, { project, dataset: 'flights', from, to: from + 86_400_000 })
  process.stdout.write(
    `${JSON.stringify({ day, version: version.version, digest: version.digest, rows: version.rowCount })}\n`,
  )
}
