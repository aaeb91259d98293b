import type { Command } from 'commander'
import type { Act } from '../context.ts'
import { examineMachine } from '../doctor/examine-machine.ts'

/** Adds `kedge doctor`. */
export function addDoctor(program: Command, act: Act): void {
  const command = program
    .command('doctor')
    .description('Say what this machine lacks for which part of Kedge, and how to get it')
    .option('--data <directory>', 'data directory to look at', './kedge-data')
    .addHelpText('after', '\nNeeds no server. Exit code 1 when something is missing that Kedge cannot do without.')
  act<{ data: string }>(command, async ({ terminal, world, exit }, options) => {
    const checks = await examineMachine({ environment: world.environment, dataDirectory: options.data })
    terminal.answer({ checks }, () =>
      checks
        .map(({ name, state, found, todo }) => {
          const mark =
            state === 'ok'
              ? terminal.colour('green', 'ok     ')
              : state === 'absent'
                ? terminal.colour('yellow', 'absent ')
                : terminal.colour('red', 'missing')
          return `${mark} ${name}: ${found}${todo ? `\n        ${todo}` : ''}`
        })
        .join('\n'),
    )
    if (checks.some(({ state }) => state === 'missing')) exit(1)
  })
}
