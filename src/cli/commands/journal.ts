import type { Command } from 'commander'
import type { z } from 'zod'
import type { journalEvent } from '../../protocols/kedge/schemas/journal.ts'
import type { Act } from '../context.ts'
import { wholeNumber } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'

type JournalEvent = z.output<typeof journalEvent>
interface Options {
  follow?: boolean
  limit: number
  type?: string
  subject?: string
  after?: number
  all?: boolean
}

/** Adds `kedge journal` and `kedge journal verify`. */
export function addJournal(program: Command, act: Act): void {
  const command = program
    .command('journal')
    .description('Show what has happened, oldest first')
    .option('-F, --follow', 'go on with what happens next')
    .option('-n, --limit <count>', 'how many of the past', wholeNumber, 50)
    .option('--type <types>', 'kinds of events, separated by commas')
    .option('--subject <subject>', 'kind/name, or a prefix that ends in /')
    .option('--after <id>', 'only events after this one', wholeNumber)
    .option('--all', 'of every project')
    .addHelpText(
      'after',
      '\nWith --json one event a line.\n\nExamples:\n  $ kedge journal --follow\n  $ kedge journal --type alert.opened,rule.fired\n  $ kedge journal verify',
    )
  act<Options>(command, async ({ api, terminal, project, world }, options) => {
    const filter = { type: options.type, subject: options.subject, ...(options.all ? {} : { project }) }
    const past =
      options.after === undefined
        ? await api.get<{ items: JournalEvent[]; head: number }>('/api/v1/journal', {
            ...filter,
            order: 'desc',
            limit: Math.min(Math.max(options.limit, 1), 5000),
          })
        : await api.get<{ items: JournalEvent[]; head: number }>('/api/v1/journal', {
            ...filter,
            order: 'asc',
            limit: 5000,
            after: options.after,
          })
    const items = options.after === undefined ? past.items.reverse() : past.items
    for (const event of items) terminal.print(line(terminal, event))
    if (!options.follow) return
    const after = items.at(-1)?.id ?? past.head
    for await (const { data } of api.stream('/api/v1/journal/stream', { ...filter, after }, world.signal))
      terminal.print(line(terminal, data as JournalEvent))
  })

  const verify = command.command('verify').description('Recompute the hash chain of the whole journal')
  act(verify, async ({ api, terminal }) => {
    const result = await api.send<{ entries: number; hash: string }>('POST', '/api/v1/journal/verify')
    terminal.answer(result, () => `${result.entries} entries, the chain holds up to ${result.hash}`)
  })
}

function line(terminal: Terminal, event: JournalEvent): string {
  if (terminal.json) return JSON.stringify(event)
  const time = new Date(event.time).toISOString().replace('T', ' ').slice(0, 19)
  return `${terminal.colour('dim', `${String(event.id).padStart(6)} ${time}`)} ${terminal.colour('bold', event.type.padEnd(26))} ${event.subject}  ${terminal.colour('dim', `${event.actor}${event.cause ? ` ← ${event.cause}` : ''}`)}`
}
