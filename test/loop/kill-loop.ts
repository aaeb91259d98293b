// Kills each process of `kedge loop` with -9 at random, again and again, and then lets it come to its end: everything that
// was acknowledged must be there exactly once. Usage: node test/loop/kill-loop.ts [--kills 100] [--until 2001-07-01] [--seed 1]
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { type Part, partOf, processTree } from './process-tree.ts'

export interface KillOptions {
  kills: number
  /** day before which the replay ends */
  until: string
  seed: number
  /** longest pause between two kills, in milliseconds */
  longest?: number
  say?(text: string): void
}

export interface KillOutcome {
  killed: Record<Part, number>
  /** starts of `kedge loop` */
  starts: number
  exitCode: number | null
  /** the last JSON object of the run that came to its end */
  done:
    | {
        closed: boolean
        predictions: number
        actuals: number
        restarts: number
        checks: { name: string; ok: boolean; found: string }[]
      }
    | undefined
  lastWords: string
}

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** Runs the loop under fire and gives what is left. */
export async function killLoop(options: KillOptions): Promise<KillOutcome> {
  const say = options.say ?? (() => {})
  const random = seededRandom(options.seed)
  const data = mkdtempSync(join(tmpdir(), 'kedge-kill-'))
  const killed: Record<Part, number> = { loop: 0, control: 0, inference: 0, events: 0, step: 0 }
  const outcome: KillOutcome = { killed, starts: 0, exitCode: null, done: undefined, lastWords: '' }
  const errors = createWriteStream(join(data, 'loop.err'), { flags: 'a' })
  let loop: ChildProcess | undefined
  let ended: Promise<number | null> = Promise.resolve(null)

  function start() {
    outcome.starts++
    const own = spawn(process.execPath, [main, 'loop', '--data', data, '--until', options.until], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    loop = own
    let text = ''
    own.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const stage = JSON.parse(line) as { stage: string }
        if (stage.stage === 'done') outcome.done = stage as unknown as NonNullable<KillOutcome['done']>
      }
    })
    own.stderr.on('data', (chunk: Buffer) => {
      errors.write(chunk)
      outcome.lastWords = (outcome.lastWords + chunk.toString()).slice(-3000)
    })
    ended = new Promise((resolve) => own.once('exit', (code) => resolve(code)))
  }

  const acknowledged = () => statSync(join(data, 'loop', 'acknowledged.ndjson'), { throwIfNoEntry: false })?.size ?? 0
  const progressed = async (before: number) => {
    while (acknowledged() <= before && loop?.exitCode === null) await pause(50)
  }
  const early = Math.min(15, Math.ceil(options.kills / 3))

  try {
    start()
    let count = 0
    let reached = 0
    while (count < options.kills && loop?.exitCode === null) {
      await pause(200 + random() * (options.longest ?? 1500))
      // most kills shall hit the replay: a few before it begins, then one after each time that it has come on a little
      if (count >= early && count > 0) await progressed(reached)
      if (loop.exitCode !== null) break
      reached = acknowledged()
      const targets = processTree(loop.pid!).flatMap((one) => {
        const part = partOf(one)
        return part ? [{ ...one, part }] : []
      })
      // the part that was hit least, of those that run now; the first training's step a few times only, or it would never end
      const stepToo = random() < 0.6 && (killed.step < 3 || acknowledged() > 0)
      const parts = [...new Set(targets.map(({ part }) => part))].filter((part) => part !== 'step' || stepToo)
      const least = Math.min(...parts.map((part) => (part === 'step' ? 0 : killed[part])))
      const open = parts.filter((part) => part === 'step' || killed[part] === least)
      const part = open[Math.floor(random() * open.length)]
      const target = targets.filter((one) => one.part === part)
      const victim = target[Math.floor(random() * target.length)]
      if (!victim) continue
      try {
        process.kill(victim.pid, 'SIGKILL')
      } catch {
        continue // it has ended meanwhile
      }
      killed[victim.part]++
      count++
      say(`${count}: killed ${victim.part} (${victim.pid}) after ${acknowledged()} bytes of acknowledgements`)
      if (victim.part === 'loop') {
        await ended
        start()
      }
    }
    outcome.exitCode = await ended
    return outcome
  } finally {
    loop?.kill('SIGKILL')
    errors.end()
    if (outcome.exitCode === 0) rmSync(data, { recursive: true, force: true })
    else say(`what is left is in ${data}`)
  }
}

/** What must hold whatever was killed; the rest of the story may have gone another way. */
export const indispensable = [
  'what was read is accounted for',
  'every acknowledged prediction is recorded exactly once',
  'every acknowledged actual is joined',
  'every logged metric is there exactly once',
  'one retraining a cause, and none within the cooldown',
  'the journal verifies',
]

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      until: { type: 'string', default: '2001-07-01' },
      seed: { type: 'string', default: '1' },
      longest: { type: 'string' },
    },
  })
  const outcome = await killLoop({
    kills: Number(values.kills),
    until: values.until,
    seed: Number(values.seed),
    ...(values.longest === undefined ? {} : { longest: Number(values.longest) }),
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
  const held = indispensable.every((name) => outcome.done?.checks.find((check) => check.name === name)?.ok)
  process.exit(held ? 0 : 1)
}
