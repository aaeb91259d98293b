import type { Command } from 'commander'
import type { Act } from '../program.ts'

export function addLoop(program: Command, act: Act): void {
  const command = program.command('loop').description('Play the flights example')
  act(command, async () => {})
}
