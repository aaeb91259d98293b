import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { KedgeError } from '../../errors.ts'
import { createApiClient } from '../api-client.ts'
import type { Act } from '../context.ts'
import { pointInTime, wholeNumber } from '../option-values.ts'

interface Options {
  data?: string
  until?: number
  pace?: number
  port?: number
  stay?: boolean
}

/** Adds `kedge loop`. */
export function addLoop(program: Command, act: Act): void {
  const command = program
    .command('loop')
    .description('Play the flights example to its end on a server of its own, and check that the loop closes')
    .option(
      '--data <directory>',
      'data directory; one that is thrown away when absent. The same again goes on where it was',
    )
    .option('--until <day>', 'end the replay before this day (default 2001-07-01)', pointInTime)
    .option('--pace <milliseconds>', 'least time that a day takes, to watch', wholeNumber)
    .option('--port <port>', 'port of the server; free ones when absent', wholeNumber)
    .option('--stay', 'keep the server running afterwards, to look around')
    .addHelpText(
      'after',
      `
One JSON object a stage on stdout: {"stage": …, "seconds": …, facts …}; what is going on, on stderr.
Exit code 0 when the loop closed and every check in it held.

Examples:
  $ kedge loop
  $ kedge loop --data ./flights-data 2>/dev/null | jq -c '{stage, seconds}'`,
    )
  act<Options>(command, async ({ terminal, world }, options) => {
    const [{ startLoopServer }, { playLoop }, { persistentApi }, { createStageReport }] = await Promise.all([
      import('../loop/loop-server.ts'),
      import('../loop/play-loop.ts'),
      import('../loop/persistent-api.ts'),
      import('../loop/stage-report.ts'),
    ])
    const data =
      options.data === undefined ? mkdtempSync(join(tmpdir(), 'kedge-loop-')) : resolve(world.cwd, options.data)
    const report = createStageReport(terminal.print, terminal.progress, Date.now)
    const server = await startLoopServer({
      data,
      environment: world.environment,
      progress: terminal.progress,
      ...(options.port === undefined ? {} : { port: options.port }),
    })
    try {
      const api = persistentApi(createApiClient({ url: server.url }), world.signal)
      report.stage('serve', { address: server.url, data })
      report.progress(`Kedge is at ${server.url}: open it in a browser. Its stores are in ${data}`)
      const checks = await playLoop({
        api,
        folder: join(data, 'loop'),
        cwd: world.cwd,
        report,
        signal: world.signal,
        restarts: () => server.restarts,
        ...(options.until === undefined ? {} : { until: options.until }),
        ...(options.pace === undefined ? {} : { pace: options.pace }),
      })
      const failed = checks.filter(({ ok }) => !ok)
      if (options.stay && !world.signal.aborted) {
        terminal.progress(
          `${failed.length === 0 ? 'The loop has closed. ' : ''}Look around at ${server.url} and end with Ctrl-C.`,
        )
        await new Promise((resolve) => world.signal.addEventListener('abort', resolve, { once: true }))
      }
      if (failed.length > 0)
        throw new KedgeError(
          'conflict',
          { what: `The loop did not close: ${failed.map(({ name, found }) => `${name} (${found})`).join('; ')}` },
          { todo: `The data is in ${data}: kedge serve --data ${data}` },
        )
    } finally {
      await server.stop()
    }
  })
}
