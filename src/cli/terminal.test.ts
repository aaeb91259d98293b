import { describe, expect, it } from 'vitest'
import { KedgeError } from '../errors.ts'
import { createTerminal } from './terminal.ts'

const open = (options: { json?: boolean; tty?: boolean; environment?: Record<string, string> } = {}) => {
  const written = { out: '', err: '' }
  const terminal = createTerminal(
    {
      stdout: { write: (text) => (written.out += text), isTTY: options.tty ?? false },
      stderr: { write: (text) => (written.err += text), isTTY: options.tty ?? false },
    },
    { json: options.json ?? false, environment: options.environment ?? {} },
  )
  return { terminal, written }
}

describe('createTerminal', () => {
  it('aligns columns, numbers to the right, whatever colours are in the cells', () => {
    const { terminal } = open()
    expect(
      terminal.table(
        ['NAME', 'ROWS', 'STATE'],
        [
          ['a', 5, '\u001b[32mok\u001b[39m'],
          ['longer', 1000, null],
        ],
      ),
    ).toBe('NAME    ROWS  STATE\na          5  \u001b[32mok\u001b[39m\nlonger  1000  –')
  })

  it('colours for people only', () => {
    expect(open().terminal.colour('red', 'x')).toBe('x')
    expect(open({ tty: true }).terminal.colour('red', 'x')).toBe('\u001b[31mx\u001b[39m')
    expect(open({ tty: true, environment: { NO_COLOR: '1' } }).terminal.colour('red', 'x')).toBe('x')
  })

  it('shows an error with every place on stderr, without what would steer the terminal', () => {
    const { terminal, written } = open()
    terminal.error(
      new KedgeError(
        'project_file_invalid',
        { file: '\u001b[2Jevil.yaml', count: 'one mistake' },
        { places: [{ where: '3:5', what: 'is wrong' }] },
      ),
    )
    expect(written).toEqual({
      out: '',
      err: 'error evil.yaml has one mistake\n  3:5 is wrong\nCorrect the named places and apply it again.\n',
    })
  })

  it('answers and errs in JSON', () => {
    const { terminal, written } = open({ json: true })
    terminal.answer({ a: 1 }, () => 'text')
    terminal.error(new KedgeError('not_found', { kind: 'Run', name: '7' }))
    expect(JSON.parse(written.out)).toEqual({ a: 1 })
    expect(JSON.parse(written.err)).toMatchObject({ error: { code: 'not_found', message: 'Run 7 does not exist' } })
  })
})
