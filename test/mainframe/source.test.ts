/** The source as a dataset meets it: what cannot be read is quarantined or named, what is read is one version. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { binary, packed, text, withDescriptors, zoned } from './encode.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

const copybook = `       01  ACCOUNT.
           05  ACCOUNT-NO   PIC 9(4).
           05  OWNER        PIC X(6).
           05  BALANCE      PIC S9(5)V99 COMP-3.
`
const account = (no: number, owner: string, balance: bigint) =>
  Buffer.concat([zoned(BigInt(no), 4), text(owner, 6), packed(balance, 7)])
const write = (name: string, content: Buffer | string) => {
  const path = join(data.folder, name)
  writeFileSync(path, content)
  return path
}
const source = (path: string, more: object = {}) => ({ kind: 'copybook', path, copybook: { text: copybook }, ...more })
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('did not fail'),
    (error) => ({ code: error.code, message: String(error.message), todo: String(error.todo) }),
  )

describe('rows that cannot be read', () => {
  test('go to the quarantine with field, record, byte and bytes; the others are kept', async () => {
    const broken = account(2, 'BROKEN', 0n)
    broken.set([0x12, 0xfe, 0x56, 0x7c], 10)
    const letters = account(3, 'OTHER', 5n)
    letters.set(text('12AB', 4), 0)
    const version = await data.make(
      source(
        write('some.dat', Buffer.concat([account(1, 'GOOD', -1234567n), broken, letters, account(4, 'GOOD', 1n)])),
      ),
    )
    expect(version.counts).toMatchObject({ read: 4, kept: 2, quarantined: 2 })
    const { rows } = await data.datasets.rows(project, 'rows', version.version)
    expect(rows).toEqual([
      [1, 'GOOD', -12345.67],
      [4, 'GOOD', 0.01],
    ])
    const { columns, rows: bad } = await data.datasets.quarantine(project, 'rows', version.version)
    const shown = bad.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
    const found = shown.map((row) => Object.values(row).map(String).join(' | '))
    expect(found[0]).toContain('a packed number has a half-byte that is no digit or no sign')
    expect(found[0]).toContain('BALANCE S9(5)V99 COMP-3 in record 2 at byte 24: 12FE567C')
    expect(found[1]).toContain('a zoned number has a byte that is no digit or no sign')
    expect(found[1]).toContain('ACCOUNT-NO 9(4) in record 3 at byte 28: F1F2C1C2')
    // what was readable of the row is there
    expect(found[0]).toContain('BROKEN')
  })

  test('of exploded and variable records have their own record and byte', async () => {
    const orders = `01 R. 05 NO PIC 9. 05 LINES-OF PIC 9. 05 T OCCURS 0 TO 3 TIMES DEPENDING ON LINES-OF. 10 A PIC 99.`
    // the first has fewer occurrences than it says, the last of the second is no number
    const file = withDescriptors([text('1211', 4), text('22112Q', 6)])
    const version = await data.make(
      source(write('orders.dat', file), { copybook: { text: orders }, records: 'rdw', explode: ['T'] }),
    )
    expect(version.counts).toMatchObject({ read: 4, kept: 3, quarantined: 1 })
    const { rows } = await data.datasets.quarantine(project, 'rows', version.version)
    expect(rows[0]!.map(String).join(' | ')).toContain('A 99 in record 2 at byte 16: F2D8')
    expect((await data.datasets.rows(project, 'rows', version.version)).rows).toEqual([
      [1, 2, 11],
      // behind the end of its record
      [1, 2, null],
      [2, 2, 11],
    ])
  })
})

describe('a copybook that does not fit', () => {
  test('says so with the numbers and what may be the reason', async () => {
    const path = write('odd.dat', Buffer.concat([account(1, 'A', 1n), account(2, 'B', 2n), Buffer.alloc(3, 0x40)]))
    const error = await failure(data.make(source(path)))
    expect(error).toMatchObject({ code: 'source_unreadable' })
    expect(error.message).toContain(`input (${path})`)
    expect(error.message).toContain(
      'its 31 bytes are no multiple of the record ACCOUNT of 14 bytes: 2 records and 3 bytes',
    )
    expect(error.todo).toContain('rdw')
    expect((await data.sources.test(project, 'input')).error).toMatchObject({ code: 'source_unreadable' })
  })

  test('names its line; a wrong option names itself', async () => {
    const path = write('one.dat', account(1, 'A', 1n))
    const wrong = await failure(data.make(source(path, { copybook: { text: '01 R.\n 05 A PIC 9(2.\n' } })))
    expect(wrong.message).toContain('line 2 of the copybook')
    expect(await failure(data.make(source(path, { explode: ['NOTHING'] })))).toMatchObject({ code: 'invalid_input' })
    expect(await failure(data.make(source(path, { length: 10 })))).toMatchObject({ code: 'invalid_input' })
    expect(await failure(data.make(source(path, { copybook: { path: join(data.folder, 'none.cpy') } })))).toMatchObject(
      {
        code: 'not_found',
      },
    )
    expect(await failure(data.make(source(write('nothing.dat', ''))))).toMatchObject({ code: 'source_unreadable' })
  })

  test('a truncated file with descriptors fails, and names the record', async () => {
    const whole = withDescriptors([account(1, 'A', 1n), account(2, 'B', 2n)])
    const path = write('cut.dat', whole.subarray(0, whole.length - 5))
    const error = await failure(data.make(source(path, { records: 'rdw' })))
    expect(error.code).toBe('source_unreadable')
    expect(error.message).toContain('record 2 at byte 18 is not whole')
  })
})

test('copybooks from files: COPY by a library and by members', async () => {
  const library = join(data.folder, 'library')
  mkdirSync(library)
  writeFileSync(join(library, 'person.cpy'), '       05 :P:-NAME PIC X(3).\n')
  write('ages.txt', '       05 AGE PIC 9(2) COMP.\n')
  const main = write('main.cpy', '       01 R.\n       COPY PERSON REPLACING ==:P:== BY ==THE==.\n       COPY AGES.\n')
  const path = write('persons.dat', Buffer.concat([text('ANN', 3), binary(7n, 2)]))
  const version = await data.make({
    kind: 'copybook',
    path,
    copybook: { path: main },
    library,
    members: { AGES: join(data.folder, 'ages.txt') },
  })
  expect((await data.datasets.rows(project, 'rows', version.version)).rows).toEqual([['ANN', 7]])
  // another reading of the same bytes is another version
  writeFileSync(join(library, 'person.cpy'), '       05 :P:-TITLE PIC X(3).\n')
  await data.sources.put(by, project, 'input', {
    kind: 'copybook',
    path,
    copybook: { path: main },
    library,
    members: { AGES: join(data.folder, 'ages.txt') },
  })
  await expect(data.datasets.materialiseNow(by, { project, dataset: 'rows' })).rejects.toMatchObject({
    code: 'source_schema_changed',
  })
})

test('a preview decodes the begin of a file only', async () => {
  const many = Buffer.concat(Array.from({ length: 50_000 }, (_, i) => account(i % 9999, 'SAME', BigInt(i))))
  await data.sources.put(by, project, 'large', source(write('large.dat', many)))
  const preview = await data.sources.preview(project, 'large', 3)
  expect(preview.rows).toEqual([
    [0, 'SAME', 0],
    [1, 'SAME', 0.01],
    [2, 'SAME', 0.02],
  ])
})

test.each([
  [{ copybook: undefined }, /copybook/],
  [{ code_page: '38' }, /code_page/],
  [{ rows: ['A'] }, /rows needs segments/],
  [{ columns: { balance: { date: 'YMD' } } }, /columns/],
])('a declaration that is wrong: %j', async (wrong, expected) => {
  const error = await failure(data.sources.put(by, project, 'wrong', { ...source('x'), ...wrong }))
  expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(expected) })
})
