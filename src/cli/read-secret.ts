import { KedgeError } from '../errors.ts'
import type { World } from './context.ts'

const largest = 65_536

/** A value that must not stand on the command line: typed without being shown, or all of stdin. Errors: `invalid_input`, `cancelled`. */
export async function readSecret({ stdin, stderr }: World, name: string): Promise<string> {
  if (!stdin) throw new KedgeError('invalid_input', { what: `The value of ${name} is missing` }, { todo: todoOf(name) })
  let value: string
  if (stdin.isTTY) {
    stderr.write(`Value of ${name} (it is not shown): `)
    value = await typed(stdin).finally(() => stderr.write('\n'))
  } else {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of stdin) {
      const part = Buffer.from(chunk as Buffer)
      bytes += part.length
      if (bytes > largest) throw new KedgeError('too_large', { what: 'The secret', limit: '64 KiB' })
      chunks.push(part)
    }
    // `echo` adds a line feed that is no part of the value
    value = Buffer.concat(chunks)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  }
  if (value === '')
    throw new KedgeError('invalid_input', { what: `The value of ${name} is empty` }, { todo: todoOf(name) })
  return value
}

const todoOf = (name: string) => `Type it when asked, or send it: \`kedge secret set ${name} < FILE\`.`

/** One line, key by key, so that the terminal shows nothing of it. */
function typed(stdin: NonNullable<World['stdin']>): Promise<string> {
  return new Promise((resolve, reject) => {
    let value = ''
    const end = (act: () => void) => {
      stdin.off('data', take)
      stdin.setRawMode?.(false)
      stdin.pause()
      act()
    }
    const take = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (key === '\r' || key === '\n' || key === '\u0004') return end(() => resolve(value))
        if (key === '\u0003') return end(() => reject(new KedgeError('cancelled', { what: 'The question' })))
        if (key === '\u007f' || key === '\b') value = [...value].slice(0, -1).join('')
        else value += key
      }
    }
    stdin.setRawMode?.(true)
    stdin.on('data', take)
    stdin.resume()
  })
}
