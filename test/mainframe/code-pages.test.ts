/** The tables against the system's iconv, byte by byte; double-byte pairs by a sample of rows. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { codePage, codePageNames, noCharacter } from '../../src/mainframe/code-page.ts'
import { decode } from './decode.ts'
import { text } from './encode.ts'

const iconv = (page: string, bytes: Uint8Array, options: string[] = []): string | undefined => {
  const { status, stdout } = spawnSync('iconv', [...options, '-f', `IBM${page}`, '-t', 'UTF-16LE'], { input: bytes })
  return status === 0 || options.length > 0 ? stdout.toString('utf16le') : undefined
}
const hasIconv = iconv('037', Buffer.from([0xc1])) === 'A' && iconv('1388', Buffer.from([0xc1])) === 'A'
const ebcdic = codePageNames.filter((name) => name !== 'ascii')

test('every page of the list is there', () => {
  const asked =
    '037 273 277 278 280 284 285 297 500 871 875 1047 1140 1141 1142 1143 1144 1145 1146 1147 1148 1149 930 939 1388'
  expect([...ebcdic].sort()).toEqual(asked.split(' ').sort())
})

describe.skipIf(!hasIconv)('against iconv (skipped where it lacks these pages)', () => {
  test.each(ebcdic)('code page %s, every byte', (name) => {
    const { single, double } = codePage(name)
    const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => !double || (byte !== 0x0e && byte !== 0x0f),
    )
    const known = bytes.filter((byte) => single[byte] !== noCharacter)
    expect(known.map((byte) => single[byte])).toEqual(
      [...iconv(name, Buffer.from(known))!].map((character) => character.charCodeAt(0)),
    )
    // what the table has no character for, iconv has none for either
    expect(iconv(name, Buffer.from(bytes.filter((byte) => single[byte] === noCharacter)), ['-c'])).toBe('')
  })

  test.each(['930', '939', '1388'])('code page %s, pairs', (name) => {
    const { double } = codePage(name)
    let compared = 0
    for (const high of [0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x57, 0x68, 0x69, 0x76, 0x90, 0xb8, 0xc0]) {
      const lows = Array.from({ length: 191 }, (_, i) => 0x40 + i)
      const row = Buffer.from([0x0e, ...lows.flatMap((low) => [high, low]), 0x0f])
      const ours = lows.map((low) => double![high * 256 + low]!).filter((unit) => unit !== noCharacter)
      expect(String.fromCharCode(...ours)).toBe(iconv(name, row, ['-c']))
      compared += ours.length
    }
    expect(compared).toBeGreaterThan(1000)
  })
})

test('text that shifts between one and two bytes, and pairs alone', async () => {
  // SO, "日本" in code page 300, SI
  const mixed = Buffer.from([0xc1, 0x0e, 0x45, 0x62, 0x45, 0x66, 0x0f, 0xc2, 0x40, 0x40])
  const copybook = '01 R.\n 05 M PIC X(10).\n 05 G PIC G(3) DISPLAY-1.\n'
  const pairs = Buffer.from([0x45, 0x62, 0x45, 0x66, 0x40, 0x40])
  const [row] = await decode(copybook, Buffer.concat([mixed, pairs]), { codePage: '939' })
  expect(row).toEqual({ m: 'A日本B', g: '日本' })
  // half a pair at the end
  const [broken] = await decode('01 R.\n 05 M PIC X(3).', Buffer.from([0x0e, 0x45, 0x62]), { codePage: '939' })
  expect(broken!.fault).toBeUndefined()
  const [odd] = await decode('01 R.\n 05 M PIC X(2).', Buffer.from([0x0e, 0x45]), { codePage: '939' })
  expect(odd!.fault).toMatch(/no character/)
})

test('a byte without a character is the fault of its row only', async () => {
  const gap = codePage('875').single.indexOf(noCharacter)
  const rows = await decode(
    '01 R.\n 05 M PIC X(3).',
    Buffer.concat([text('abc', 3, '875'), Buffer.from([gap, 0x40, 0x40])]),
    {
      codePage: '875',
    },
  )
  expect(rows.map((row) => row.fault)).toEqual([undefined, expect.stringMatching(/no character/)])
})

test('a text that grows beyond 127 bytes keeps its length', async () => {
  const long = 'ä'.repeat(100)
  const [row] = await decode(
    '01 R.\n 05 M PIC X(120).\n 05 N PIC X(2).',
    Buffer.concat([text(long, 120, '273'), text('ok', 2)]),
    {
      codePage: '273',
    },
  )
  expect(row).toEqual({ m: long, n: 'ok' })
})
