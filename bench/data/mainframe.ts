/** Decoding mainframe files: pure decoding into columns on a core, and file → dataset version, against the plain read of the same file and a peer in Python. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { landRecords } from '../../src/adapters/sources/copybook/land-records.ts'
import { compileCopybook } from '../../src/mainframe/compile-copybook.ts'
import { decodeFile } from '../../src/mainframe/decode-file.ts'
import { usualOptions } from '../../src/mainframe/decode-options.ts'
import { createRowDecoder } from '../../src/mainframe/decode-rows.ts'
import { makePlan } from '../../src/mainframe/make-plan.ts'
import type { RecordForm } from '../../src/mainframe/record-form.ts'
import { by, openData, project } from '../../test/data/open-data.ts'
import { pythonEnvironment } from '../../test/servers/python-env.ts'
import { benchFiles } from './mainframe-files.ts'

const megabytes = Number(process.env.MEGABYTES ?? 200)
const data = await openData()
const python = await pythonEnvironment(join(import.meta.dirname, 'mainframe.lock'))
const none = { bytes: 0, records: 0 }

const seconds = async (work: () => unknown) => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
/** Seconds of a processor, which other work on the machine changes least: the best of some runs. */
const processor = async (work: () => unknown) => {
  let found = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    found = Math.min(found, (user + system) / 1e6)
  }
  return found
}

const rows: string[] = []
for (const { name, copybook, records, config = {}, record } of benchFiles) {
  const path = join(data.folder, `${name.replace(/\W+/g, '-')}.ebcdic`)
  const some = Buffer.concat(Array.from({ length: 2000 }, (_, i) => record(i)))
  const copies = Math.ceil((megabytes * 1e6) / some.length)
  writeFileSync(path, Buffer.concat(Array.from({ length: copies }, () => some)))
  const { size } = statSync(path)
  const options = { ...usualOptions, ...config }
  const plan = makePlan(await compileCopybook(copybook, async () => ''), options)
  const form: RecordForm = {
    records,
    length: plan.longest,
    littleEndian: false,
    excludesItself: false,
    header: none,
    footer: none,
  }
  const bytes = readFileSync(path)
  let decoded = 0
  const pure = await processor(() => {
    decoded = 0
    const read = (target: Uint8Array, at: number) => void bytes.copy(target, 0, at, at + target.length)
    const decoder = createRowDecoder(plan, options)
    for (const batch of decodeFile({ size, read, form, decoder })) decoded += batch.rows.count
  })
  const plain = await processor(() => {
    const file = openSync(path, 'r')
    const target = new Uint8Array(2 ** 20)
    while (readSync(file, target) > 0);
    closeSync(file)
  })
  const small = join(data.folder, 'peer.ebcdic')
  const copy = join(data.folder, 'peer.cpy')
  writeFileSync(small, some)
  writeFileSync(copy, copybook)
  // the peer knows no variable records
  const peer =
    records === 'fixed'
      ? Number(
          execFileSync(python, [join(import.meta.dirname, 'mainframe-peer.py'), copy, small, String(plan.longest)], {
            stdio: ['ignore', 'pipe', 'ignore'],
          }),
        )
      : Number.NaN
  const to = join(data.folder, 'landed.native')
  const landed = await processor(() => landRecords({ from: path, to, plan, options, form }))
  const landedSize = statSync(to).size
  rmSync(to)
  await data.sources.put(by, project, 'records', {
    kind: 'copybook',
    path,
    copybook: { text: copybook },
    records,
    ...config,
  })
  await data.datasets.put(by, project, 'rows', { from: 'records' })
  const whole = process.env.PURE
    ? Number.NaN
    : await seconds(() => data.datasets.materialiseNow(by, { project, dataset: 'rows' }))
  const rate = (time: number, bytes = size) => `${Number((bytes / 1e6 / time).toPrecision(3))} MB/s`
  rows.push(
    `| ${name} | ${plan.columns.length} | ${plan.longest} | ${decoded} | ${rate(plain)} | ${rate(pure)} | ${rate(landed)} | ${(landedSize / size).toFixed(1)} | ${Number.isNaN(peer) ? '–' : rate(peer, some.length)} | ${whole.toFixed(2)} s, ${rate(whole)} |`,
  )
  rmSync(path)
}
console.log(
  '| file | columns | record | rows | plain read | decode | decode and land | landed ÷ file | coboljsonifier | file → dataset version |\n|---|---|---|---|---|---|---|---|---|---|',
)
console.log(rows.join('\n'))
await data.close()
// nothing else is to be waited for
process.exit()
