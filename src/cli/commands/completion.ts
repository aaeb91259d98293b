import { Argument, type Command } from 'commander'
import { completionScript, type Shell } from '../completion-script.ts'
import type { Act } from '../context.ts'

/** Adds `kedge completion`. */
export function addCompletion(program: Command, act: Act): void {
  const command = program
    .command('completion')
    .description('Print the script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nExamples:\n  $ source <(kedge completion bash)\n  $ kedge completion zsh > ~/.zfunc/_kedge\n  $ kedge completion fish > ~/.config/fish/completions/kedge.fish',
    )
  act(command, async ({ terminal }, _options, [shell]) => terminal.print(completionScript(program, shell as Shell)))
}
