/**
 * The peers' defaults on the streams that `detection-delay.ts --rows FOLDER` has written: days from the change to the end of the
 * first window of 7 days that alarms, the median over the worlds, and in how many any did within 28 days.
 *
 * node bench/truth/detection-delay-peers.ts FOLDER [--only nannyml]; NannyML a few minutes, Evidently many.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pythonEnvironment } from '../../test/servers/python-env.ts'

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true })
const folder = positionals[0]
if (folder === undefined) throw new Error('Which folder has the streams?')
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

for (const peer of ['nannyml', 'evidently'].filter((name) => values.only === undefined || name === values.only)) {
  const python = await pythonEnvironment(path(`../monitoring/${peer}.lock`))
  const ran = spawnSync(python, [path(`./detection_delay_${peer}.py`), folder], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (ran.status !== 0) throw new Error(`${peer} ended with ${ran.status}`)
  const found = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as Record<string, Record<string, number>>
  const detectors = [...new Set(Object.values(found).flatMap(Object.keys))].sort()
  console.log(
    `\n${peer}\n\n| change | ${detectors.join(' | ')} |\n| --- | ${detectors.map(() => '---:').join(' | ')} |`,
  )
  for (const change of [...new Set(Object.keys(found).map((name) => Number(name.split('-')[0])))].sort(
    (a, b) => a - b,
  )) {
    const worlds = Object.entries(found).filter(([name]) => Number(name.split('-')[0]) === change)
    const cells = detectors.map((detector) => {
      const days = worlds.map(([, own]) => own[detector] ?? Infinity).sort((a, b) => a - b)
      const middle = days[Math.floor((days.length - 1) / 2)]!
      return `${Number.isFinite(middle) ? middle : '> 28'} (${days.filter(Number.isFinite).length} of ${days.length})`
    })
    console.log(`| ${change} | ${cells.join(' | ')} |`)
  }
}
