import type { Command } from 'commander'

export type Shell = 'bash' | 'zsh' | 'fish'

interface Node {
  /** words after `kedge` that lead here */
  path: string[]
  commands: { name: string; description: string }[]
  options: { flags: string[]; description: string; takesValue: boolean }[]
}

function nodes(command: Command, path: string[] = [], inherited: Node['options'] = []): Node[] {
  const own = command.options.map((option) => ({
    flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
  }))
  const options = [...own, ...inherited]
  const inner = command.commands.filter((one) => one.name() !== 'help')
  return [
    { path, options, commands: inner.map((one) => ({ name: one.name(), description: one.description() })) },
    ...inner.flatMap((one) => nodes(one, [...path, one.name()], options)),
  ]
}

/** The script for a shell, made of the commands and options that the program has. */
export function completionScript(program: Command, shell: Shell): string {
  const all = nodes(program)
  return { bash, zsh, fish }[shell](all)
}

const bash = (all: Node[]) => `# kedge completion for bash: source <(kedge completion bash)
_kedge() {
  local path="" word words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case " ${all
      .filter(({ path }) => path.length > 0)
      .map(({ path }) => path.join('/'))
      .join(' ')} " in *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;; esac
  done
  case "$path" in
${all.map(({ path, commands, options }) => `    "${path.join('/')}") words="${[...commands.map(({ name }) => name), ...options.flatMap(({ flags }) => flags)].join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _kedge kedge`

const zsh = (all: Node[]) => `#compdef kedge
# kedge completion for zsh
_kedge() {
  local path="" word i
  local -a words_here
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case " ${all
      .filter(({ path }) => path.length > 0)
      .map(({ path }) => path.join('/'))
      .join(' ')} " in *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;; esac
  done
  case "$path" in
${all.map(({ path, commands, options }) => `    "${path.join('/')}") words_here=(${[...commands.map(({ name, description }) => quoted(`${name}:${description}`)), ...options.flatMap(({ flags, description }) => flags.map((flag) => quoted(`${flag}:${description}`)))].join(' ')}) ;;`).join('\n')}
  esac
  _describe kedge words_here || _files
}
compdef _kedge kedge`

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

function fish(all: Node[]): string {
  const lines = ['# kedge completion for fish']
  for (const { path, commands, options } of all) {
    const below = commands.map(({ name }) => name).join(' ')
    const here =
      path.length === 0
        ? '__fish_use_subcommand'
        : [
            ...path.map((word) => `__fish_seen_subcommand_from ${word}`),
            ...(below ? [`not __fish_seen_subcommand_from ${below}`] : []),
          ].join('; and ')
    for (const { name, description } of commands)
      lines.push(`complete -c kedge -f -n ${quoted(here)} -a ${name} -d ${quoted(description)}`)
    for (const { flags, description, takesValue } of options) {
      const short = flags.find((flag) => /^-\w$/.test(flag))
      const long = flags.find((flag) => flag.startsWith('--'))
      lines.push(
        `complete -c kedge -n ${quoted(here)}${long ? ` -l ${long.slice(2)}` : ''}${short ? ` -s ${short.slice(1)}` : ''}${takesValue ? ' -r' : ''} -d ${quoted(description)}`,
      )
    }
  }
  return lines.join('\n')
}
