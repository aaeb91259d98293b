import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Executor, StepCommand } from '../../src/contracts/executor.ts'

const python = 'python3'

/** Processes alive that were started with this text in their environment or command line. */
function alive(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const state = /\) (\w)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))?.[1]
        return (
          state !== 'Z' &&
          (readFileSync(`/proc/${name}/environ`, 'latin1') + readFileSync(`/proc/${name}/cmdline`, 'latin1')).includes(
            text,
          )
        )
      } catch {
        return false
      }
    })
    .map(Number)
}

async function gone(text: string, patience = 10_000) {
  const until = Date.now() + patience
  while (alive(text).length > 0 && Date.now() < until) await new Promise((done) => setTimeout(done, 20))
  return alive(text)
}

/** What every executor keeps; put through on each of the generated index. */
export function executorSuite(executor: Executor): void {
  describe(`executor ${executor.kind}`, async () => {
    const availability = await executor.available()
    let root: string
    let counter = 0
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), 'kedge-executor-'))
    })
    afterAll(() => rmSync(root, { recursive: true, force: true }))

    const prepare = (
      command: string,
      change: Partial<Omit<StepCommand, 'limits'>> & { limits?: Partial<StepCommand['limits']> } = {},
    ): StepCommand => {
      const folder = join(root, `step-${++counter}`)
      mkdirSync(folder)
      const { limits, ...rest } = change
      return {
        name: `test/${process.pid}/${executor.kind}/${counter}`,
        command,
        folder,
        env: { PATH: process.env.PATH!, HOME: folder },
        readable: [],
        hidden: [],
        network: 'server',
        serverPort: undefined,
        limits: { cpus: 1, memoryBytes: 2 ** 30, timeoutMs: 60_000, outputBytes: 2 ** 20, ...limits },
        ...rest,
      }
    }
    const start = async (step: StepCommand, signal = new AbortController().signal) => {
      const chunks: Buffer[] = []
      const outcome = await executor.run(step, { signal, onOutput: (chunk) => chunks.push(chunk) })
      return { outcome, output: Buffer.concat(chunks).toString() }
    }

    it('says whether it works here, and what to do when not', () => {
      if (!availability.available) expect(availability.todo).not.toBe('')
    })
    if (!availability.available) return

    it('runs a command in its folder, with its environment only, and shows what it prints', async () => {
      const step = prepare('echo to-out; echo to-err >&2; echo "v=$GIVEN s=$NOT_GIVEN"; pwd; echo made > made.txt')
      step.env.GIVEN = 'yes'
      process.env.NOT_GIVEN = 'secret'
      const { outcome, output } = await start(step)
      expect(outcome).toMatchObject({ exitCode: 0, reason: 'exit' })
      expect(output).toContain('to-out')
      expect(output).toContain('to-err')
      expect(output).toContain('v=yes s=\n')
      expect(output).toContain(step.folder)
      expect(readFileSync(join(step.folder, 'made.txt'), 'utf8')).toBe('made\n')
    })

    it('gives back a failing exit code', async () => {
      expect((await start(prepare('exit 7'))).outcome).toMatchObject({ exitCode: 7, reason: 'exit' })
    })

    it('names a missing command', async () => {
      expect((await start(prepare('no-such-command-here --x'))).outcome).toMatchObject({
        exitCode: 127,
        reason: 'missing',
      })
    })

    it('names the end by a signal', async () => {
      expect((await start(prepare('kill -SEGV $$'))).outcome.reason).toBe('signal')
    })

    it('ends a step that hangs at its timeout', async () => {
      const { outcome } = await start(prepare('sleep 600', { limits: { timeoutMs: 400 } }))
      expect(outcome).toMatchObject({ exitCode: null, reason: 'timeout' })
      expect(outcome.usage.wallSeconds).toBeLessThan(10)
    })

    it('ends a step whose processes together take more memory than allowed', async () => {
      const hold = `${python} -c "import time; b = bytearray(90 << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep(60)"`
      const { outcome } = await start(prepare(`${hold} & ${hold} & wait`, { limits: { memoryBytes: 128 << 20 } }))
      expect(outcome).toMatchObject({ exitCode: null, reason: 'memory' })
      expect(outcome.usage.maxMemoryBytes).toBeGreaterThan(128 << 20)
    })

    it('ends a step that asks for far too much memory at once', async () => {
      const { outcome } = await start(
        prepare(`${python} -c "b = bytearray(20 << 30)"`, { limits: { memoryBytes: 128 << 20 } }),
      )
      expect(outcome.reason).toBe('memory')
    })

    it('does not count pages twice that forked processes share', async () => {
      const code =
        'import os, time; b = bytearray(80 << 20); b[::4096] = b"x" * len(b[::4096]); [os.fork() or (time.sleep(1), os._exit(0)) for _ in range(3)]; time.sleep(1)'
      const { outcome } = await start(prepare(`${python} -c '${code}'`, { limits: { memoryBytes: 200 << 20 } }))
      expect(outcome).toMatchObject({ exitCode: 0, reason: 'exit' })
      expect(outcome.usage.maxMemoryBytes).toBeGreaterThan(80 << 20)
    })

    it('keeps the head and the tail of a gigabyte, with a note', async () => {
      const { outcome, output } = await start(
        prepare('echo first; head -c 1000000000 /dev/zero | tr "\\0" x; echo; echo last'),
      )
      expect(outcome).toMatchObject({ exitCode: 0, reason: 'exit' })
      expect(output.length).toBeLessThan(2 ** 20 + 1000)
      expect(output.startsWith('first\n')).toBe(true)
      expect(output.trimEnd().endsWith('last')).toBe(true)
      expect(output).toMatch(/\[kedge\] \d+ bytes are left out here/)
    })

    it('leaves nothing alive: children, and children that left the group', async () => {
      const mark = `left-behind-${process.pid}-${executor.kind}`
      const { outcome } = await start(
        prepare(`sleep 611 & setsid sh -c 'sleep 612 & sleep 613' & (setsid sleep 614 &) ; sleep 0.2; exit 3`, {
          env: { PATH: process.env.PATH!, MARK: mark },
        }),
      )
      expect(outcome).toMatchObject({ exitCode: 3, reason: 'exit' })
      expect(alive(mark)).toEqual([])
    })

    it('ends a step that is cancelled, with all its children', async () => {
      const mark = `cancelled-${process.pid}-${executor.kind}`
      const cancel = new AbortController()
      const step = prepare('sleep 621 & echo ready; sleep 622', { env: { PATH: process.env.PATH!, MARK: mark } })
      const outcome = await executor.run(step, { signal: cancel.signal, onOutput: () => cancel.abort() })
      expect(outcome).toMatchObject({ exitCode: null, reason: 'cancelled' })
      expect(alive(mark)).toEqual([])
    })

    it('does not start to any effect when it is cancelled before', async () => {
      const { outcome } = await start(prepare('sleep 60'), AbortSignal.abort())
      expect(outcome.reason).toBe('cancelled')
    })

    it('measures processor time and stays within its processors', async () => {
      const code =
        'import time, os\nwhile time.process_time() < 0.4: pass\nprint(len(os.sched_getaffinity(0)), os.environ["OMP_NUM_THREADS"])'
      const { outcome, output } = await start(prepare(`${python} -c '${code}' & ${python} -c '${code}' & wait`))
      expect(output.trim().split('\n')).toEqual(['1 1', '1 1'])
      // each spins until it has had 0.4 s; on one processor they take turns
      expect(outcome.usage.cpuSeconds).toBeGreaterThan(0.7)
      expect(outcome.usage.cpuSeconds).toBeLessThan(outcome.usage.wallSeconds + 0.3)
    })

    it('does not outlive what started it', async () => {
      const mark = `orphan-${process.pid}-${executor.kind}`
      const step = prepare('setsid sleep 631 & sleep 632', { env: { PATH: process.env.PATH!, MARK: mark } })
      const script = `import { executors } from ${JSON.stringify(new URL('../../src/adapters/executors/index.generated.ts', import.meta.url).href)}
        const executor = executors.find((one) => one.kind === ${JSON.stringify(executor.kind)})
        await executor.run(${JSON.stringify(step)}, { signal: new AbortController().signal, onOutput() {} })`
      const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
      const until = Date.now() + 10_000
      while (alive(mark).length < 3 && Date.now() < until) await new Promise((done) => setTimeout(done, 20))
      expect(alive(mark).length).toBeGreaterThanOrEqual(2)
      parent.kill('SIGKILL')
      expect(await gone(mark)).toEqual([])
    })

    it('ends what an earlier try has left, and says when what watches it dies', async () => {
      const mark = `lost-${process.pid}-${executor.kind}`
      const step = prepare('setsid sleep 641 & echo ready; sleep 642', { env: { PATH: process.env.PATH!, MARK: mark } })
      const outcome = await executor.run(step, {
        signal: new AbortController().signal,
        onOutput() {
          const [supervisor] = alive('supervisor-process').filter(
            (pid) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[3] === String(process.pid),
          )
          process.kill(supervisor!, 'SIGKILL')
        },
      })
      expect(outcome.reason).toBe('lost')
      expect(await gone(mark)).toEqual([])
    })

    it('keeps a step away from what is not its own, or says that it cannot', async () => {
      const hidden = join(root, `hidden-${executor.kind}`)
      mkdirSync(join(hidden, 'input'), { recursive: true })
      writeFileSync(join(hidden, 'secret.txt'), 'secret')
      writeFileSync(join(hidden, 'input', 'rows.csv'), 'rows')
      const outside = join(root, `outside-${executor.kind}`)
      const step = prepare(
        `echo x > ${outside}; cat ${hidden}/secret.txt; cat ${hidden}/input/rows.csv; echo y > ${hidden}/input/rows.csv; echo z > ${hidden}/new; echo w > /tmp/own && cat /tmp/own`,
        {
          hidden: [hidden],
          readable: [join(hidden, 'input')],
        },
      )
      const { output } = await start(step)
      expect(output).toContain('rows')
      if (executor.cannotPrevent.some((what) => what.includes('writes files outside'))) return
      expect(() => readFileSync(outside)).toThrow()
      expect(output).not.toContain('secret\n')
      expect(output).toContain('w\n')
      expect(output).toMatch(/new.*Read-only/)
      expect(readFileSync(join(hidden, 'input', 'rows.csv'), 'utf8')).toBe('rows')
    })

    it('reaches the server when that is declared, and nothing else', async () => {
      const server = createServer((_, response) => response.end('hello from the server'))
      const other = createServer((_, response) => response.end('hello from another'))
      await Promise.all([server, other].map((one) => new Promise<void>((done) => one.listen(0, '127.0.0.1', done))))
      const port = (server.address() as AddressInfo).port
      const otherPort = (other.address() as AddressInfo).port
      const get = (at: number) =>
        `${python} -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:${at}', timeout=5).read().decode())"`
      const { output } = await start(prepare(`${get(port)}; ${get(otherPort)}`, { serverPort: port }))
      expect(output).toContain('hello from the server')
      if (!executor.cannotPrevent.some((what) => what.includes('network'))) {
        expect(output).not.toContain('hello from another')
        const none = await start(prepare(get(port), { serverPort: port, network: 'none' }))
        expect(none.output).not.toContain('hello')
      }
      for (const one of [server, other]) one.close()
    })
  })
}
