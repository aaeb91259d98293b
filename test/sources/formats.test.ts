import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenedData, openData, project } from '../data/open-data.ts'
import { pythonEnvironment, runPython, runPythonFile } from '../servers/python-env.ts'
import { failure } from './failure.ts'
import { zip } from './zip.ts'

let data: OpenedData
let python: string
beforeAll(async () => {
  data = await openData()
  python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
}, 120_000)
afterAll(() => data.close())

const put = (name: string, content: string | Buffer) => {
  const path = join(data.folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
const script = (name: string, ...given: string[]) => runPythonFile(python, join(import.meta.dirname, name), ...given)
async function made(source: object, spec = {}) {
  const version = await data.make(source, spec)
  const { columns, rows } = await data.datasets.rows(project, 'rows', version.version, { limit: 100 })
  return { version, names: columns.map(({ name }) => name), types: columns.map(({ type }) => type), rows }
}
const quarantined = async (version: { version: number }) => {
  const { columns, rows } = await data.datasets.quarantine(project, 'rows', version.version)
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))
}

describe('Excel', () => {
  let truth: (string | null)[][]
  beforeAll(async () => {
    truth = JSON.parse(await script('workbooks.py', data.folder))
  }, 60_000)

  test('every value is what openpyxl reads: texts, numbers, dates, times, booleans; names that are missing or twice', async () => {
    const all = ['id', 'name', 'amount', 'day', 'at', 'clock', 'ok', 'H', 'id_2']
    const columns = Object.fromEntries(all.map((name) => [name, 'text']))
    const { names, rows } = await made({ kind: 'excel', path: join(data.folder, 'flights.xlsx'), columns })
    expect(names).toEqual(all)
    const number = (value: unknown) => (value !== null && !Number.isNaN(Number(value)) ? Number(value) : value)
    // an empty text is no value, and _x000D_ is how a workbook writes a carriage return
    const expected = truth.map((row) => row.map((value) => (value === '' ? null : value)).map(number))
    expected[2]![1] = '😀 \r'
    expect(rows.map((row) => row.map(number))).toEqual(expected)
  })

  test('types are found; the sheet that was taken is told; a preview shows first rows', async () => {
    await data.sources.put({ actor: 'user/test' }, project, 'input', {
      kind: 'excel',
      path: join(data.folder, 'flights.xlsx'),
    })
    const tested = await data.sources.test(project, 'input')
    expect(tested).toMatchObject({ ok: true, found: { sheet: 'Flights' } })
    expect(tested.schema!.map(({ type }) => type)).toEqual([
      'int',
      'text',
      'float',
      'date',
      'time',
      'text',
      'bool',
      'text',
      'int',
    ])
    expect((await data.sources.preview(project, 'input', 2)).rows).toHaveLength(2)
  })

  test('another sheet, a header further below, merged cells', async () => {
    const source = { kind: 'excel', path: join(data.folder, 'flights.xlsx'), sheet: 'Other', header: 4 }
    expect((await made(source)).rows).toEqual([
      ['a', 1],
      [null, 2],
      ['b', 3],
    ])
    expect((await made({ ...source, merged: 'all' })).rows).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ])
    expect(await failure(data.make({ ...source, sheet: 'Absent' }))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringMatching(/no sheet Absent, but Flights, Other/),
    })
  })

  test('a formula without a value, an error, a cell beyond the names: the cell is named', async () => {
    const { version, rows } = await made({ kind: 'excel', path: join(data.folder, 'formulas.xlsx') })
    expect(rows).toEqual([[4, 8]])
    expect((await quarantined(version)).map(({ _reason, _value }) => [_reason, _value])).toEqual([
      ['a formula has no value', 'Sheet!B2: '],
      ['a cell has an error', 'Sheet!B3: #DIV/0!'],
      ['more cells than names', 'Sheet!C4: 5'],
    ])
  })

  test('twenty thousand rows that pandas wrote', async () => {
    const { version } = await made({ kind: 'excel', path: join(data.folder, 'large.xlsx') })
    expect(version.rowCount).toBe(20_000)
    const { rows } = await data.datasets.rows(project, 'rows', version.version, { offset: 19_999 })
    expect(rows).toEqual([[19_999, 19_999 / 7, 'text 99']])
  })

  test.each([
    ['half of it', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['a damaged middle', (bytes: Buffer) => Buffer.from(bytes).fill(0x5a, 1000, 3000)],
    ['nothing', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('a,b\n1,2\n')],
    ['the old form', () => Buffer.from('d0cf11e0a1b11ae1', 'hex')],
    ['a ZIP of something else', () => zip({ 'a.csv': 'a\n1\n' })],
  ])('%s is refused', async (name, change) => {
    const path = put(`${name}.xlsx`, change(readFileSync(join(data.folder, 'large.xlsx'))))
    const error = await failure(data.make({ kind: 'excel', path }))
    expect(error).toMatchObject({ code: 'source_unreadable', message: expect.stringContaining(path) })
  })
})

describe('ZIP', () => {
  test('one member, many members, members of many files, in folders that are columns', async () => {
    const path = put(
      'days.zip',
      zip({ 'day=2001-01-02/b.csv': 'a\n2\n', 'day=2001-01-01/a.csv': 'a\n1\n', 'read.me': 'x' }),
    )
    expect((await made({ kind: 'csv', path, member: 'day=2001-01-02/b.csv' })).rows).toEqual([[2]])
    expect((await made({ kind: 'csv', path, member: '**/*.csv' })).rows).toEqual([
      [1, Date.UTC(2001, 0, 1)],
      [2, Date.UTC(2001, 0, 2)],
    ])
    put('zips/part=1/x.zip', zip({ 'a.jsonl': '{"a":1}\n' }))
    put('zips/part=2/x.zip', zip({ 'a.jsonl': '{"a":2}\n' }))
    const many = await made({ kind: 'jsonl', path: join(data.folder, 'zips/*/*.zip'), member: '*.jsonl' })
    expect(many.rows).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect(await failure(data.make({ kind: 'csv', path, member: 'absent.csv' }))).toMatchObject({ code: 'not_found' })
  })

  test.each([
    ['a name that leads out', () => zip({ '../../evil.csv': 'a\n1\n' }), /evil|invalid/],
    ['an absolute name', () => zip({ '/etc/evil.csv': 'a\n1\n' }), /evil|absolute/],
    ['a bomb', () => zip({ 'a.csv': Buffer.alloc(300 * 2 ** 20, 'a\n') }), /unpacks to more/],
    ['a wrong checksum', () => zip({ 'a.csv': 'a\n1\n' }, { wrongSum: true }), /a\.csv.*checksum/],
    ['no end', () => zip({ 'a.csv': 'a\n1\n' }).subarray(0, 30), /cannot be opened/],
  ])('%s is refused', async (name, bytes, said) => {
    const path = put(`${name}.zip`, bytes())
    const error = await failure(data.make({ kind: 'csv', path, member: '**' }))
    expect(error).toMatchObject({ code: 'source_unreadable', message: expect.stringMatching(said) })
  })
})

describe('XML', () => {
  const books = `<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE catalog>
<c:catalog xmlns:c="urn:c" xmlns="urn:d"><made>2001-01-01</made>
  <c:book id="1" c:lang="en"><title>A &amp; B</title><author born="1920"><name>K\u00fcnstler</name></author><tag>x</tag><tag>y</tag></c:book>
  <c:book id="2"><title><![CDATA[<raw>]]></title><price>1.5</price><!-- none --></c:book>
  <c:book id="3"/>
</c:catalog>`

  test('attributes, elements in elements, lists, CDATA, encoding: as lxml reads them', async () => {
    const path = put('books.xml', Buffer.from(books, 'latin1'))
    const source = { kind: 'xml', path, record: '/catalog/book', lists: ['tag'] }
    const { names, rows, types } = await made(source)
    expect(names).toEqual(['@id', '@lang', 'title', 'author@born', 'author.name', 'tag', 'price'])
    expect(types.slice(0, 4)).toEqual(['int', 'text', 'text', 'int'])
    expect(rows).toEqual([
      [1, 'en', 'A & B', 1920, 'K\u00fcnstler', '["x","y"]', null],
      [2, null, '<raw>', null, null, null, 1.5],
      [3, null, null, null, null, null, null],
    ])
    const seen = await runPython(
      python,
      `import lxml.etree as e, json
t = e.parse(${JSON.stringify(path)})
q = lambda b, p: b.findtext(p, namespaces={'d': 'urn:d'})
print(json.dumps([[b.get('id'), q(b, 'd:title'), q(b, 'd:author/d:name')] for b in t.iter('{urn:c}book')]))`,
    )
    expect(rows.map((row) => [String(row[0]), row[2], row[4]])).toEqual(JSON.parse(seen))
  })

  test('namespaces with prefixes; an element that comes twice without being a list', async () => {
    const path = put('books.xml', Buffer.from(books, 'latin1'))
    const { names, version } = await made({ kind: 'xml', path, record: 'c:book', namespaces: { c: 'urn:c' } })
    expect(names).toContain('@c:lang')
    expect(version.counts).toMatchObject({ kept: 2, quarantined: 1 })
    expect(await quarantined(version)).toMatchObject([
      { _reason: 'an element comes more than once', _value: 'record 1, tag: y' },
    ])
    expect(await failure(data.make({ kind: 'xml', path, record: 'x:book' }))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringMatching(/no element x:book/),
    })
  })

  test('many files, packed too', async () => {
    put('xml/year=1/a.xml', '<r><x a="1"/></r>')
    put('xml/year=2/b.xml', '<r><x b="2"/><x a="3"/></r>')
    const { names, rows } = await made({ kind: 'xml', path: join(data.folder, 'xml/*/*.xml'), record: 'x' })
    expect(names).toEqual(['@a', '@b', 'year'])
    expect(rows).toEqual([
      [1, null, 1],
      [null, 2, 2],
      [3, null, 2],
    ])
  })

  const bomb = `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i} "${'&a;'.repeat(9)}">`).join('')}]><r><x>&a8;</x></r>`
  test.each([
    ['entities', bomb, /line 1, column \d+: it declares entities/],
    [
      'a file elsewhere',
      '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r><x>&f;</x></r>',
      /declares entities/,
    ],
    ['an unknown entity', '<r><x>&nbsp;</x></r>', /line 1, column \d+/],
    ['no end', '<r>\n<x>1</x>\n<x>2', /line 3/],
    ['tags that do not fit', '<r>\n<x>1</y></r>', /line 2/],
    ['deep elements', `<r>${'<x>'.repeat(5000)}`, /more than 200 elements/],
    ['bytes that are no UTF-8', Buffer.from('<r><x>\xff</x></r>', 'latin1'), /no utf-8/],
    ['nothing', '', /empty/],
  ])('%s: refused with the place', async (name, content, said) => {
    const path = put(`${name}.xml`, content)
    const error = await failure(data.make({ kind: 'xml', path, record: 'x' }))
    expect(error).toMatchObject({ code: 'source_unreadable', message: expect.stringMatching(said) })
    expect(error.message).toContain(path)
  })
})

describe('fixed width', () => {
  const columns = [
    { name: 'id', from: 1, to: 4 },
    { name: 'name', from: 5, to: 12 },
    { name: 'amount', from: 13, to: 20, type: 'float' },
  ]
  const line = (id: string, name: string, amount: string) => `${id.padStart(4)}${name.padEnd(8)}${amount.padStart(8)}`
  const text = [
    'a title',
    line('1', 'Äpfel', '1.50'),
    line('2', '', '-7'),
    `${line('3', 'x', '2')}more`,
    '',
    '   4y',
    line('5', 'z', 'bad'),
  ].join('\r\n')

  test.each(['utf-8', 'latin1', 'utf16le'] as const)('columns by their places, in %s', async (encoding) => {
    const marked = encoding === 'utf16le' ? `\uFEFF${text}` : text
    const path = put(`fixed-${encoding}.txt`, Buffer.from(marked, encoding))
    const { rows, types, version } = await made({
      kind: 'fixed-width',
      path,
      columns,
      header: 1,
      ...(encoding === 'latin1' ? { encoding: 'iso-8859-1' } : {}),
    })
    expect(types).toEqual(['int', 'text', 'float'])
    expect(rows).toEqual([
      [1, 'Äpfel', 1.5],
      [2, null, -7],
      [4, 'y', null],
    ])
    expect((await quarantined(version)).map(({ _reason }) => _reason)).toEqual([
      'longer than 20 characters',
      'amount is not a float',
    ])
  })

  test('many files, each with a title', async () => {
    for (const i of [1, 2]) put(`fixed/part=${i}/a.txt`, `title\n${line(String(i), 'n', '1')}\n`)
    const { rows } = await made({ kind: 'fixed-width', path: join(data.folder, 'fixed/*/*.txt'), columns, header: 1 })
    expect(rows.map((row) => [row[0], row[3]])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })
})

describe('CSV: what is found by looking', () => {
  const rows = Array.from({ length: 60 }, (_, i) => [i, `Ä ${i}; x`, i / 2])
  const text = (delimiter: string) =>
    `n${delimiter}name${delimiter}half\n${rows.map(([n, name, half]) => [n, `"${name}"`, half].join(delimiter)).join('\n')}\n`

  test.each([',', ';', '\t', '|'])('the delimiter %j', async (delimiter) => {
    const path = put('found.csv', text(delimiter))
    await data.sources.put({ actor: 'user/test' }, project, 'input', { kind: 'csv', path })
    expect(await data.sources.test(project, 'input')).toMatchObject({ ok: true, found: { delimiter } })
    expect((await made({ kind: 'csv', path })).rows).toEqual(rows)
  })

  test.each([
    ['utf-16le', Buffer.from(`\uFEFF${text(';')}`, 'utf16le'), 'utf-16le'],
    ['utf-16be with a mark', Buffer.from(`\uFEFF${text(';')}`, 'utf16le').swap16(), 'utf-16be'],
    ['utf-16le without a mark', Buffer.from(text(';'), 'utf16le'), 'utf-16le'],
    ['windows-1252', Buffer.from(text(';'), 'latin1'), 'windows-1252'],
    ['windows-1252, packed', gzipSync(Buffer.from(text(';'), 'latin1')), 'windows-1252'],
    ['utf-8 with a mark', Buffer.from(`\uFEFF${text(';')}`), undefined],
  ])('%s', async (name, bytes, encoding) => {
    const path = put(`${name}.csv${name.endsWith('packed') ? '.gz' : ''}`, bytes)
    await data.sources.put({ actor: 'user/test' }, project, 'input', { kind: 'csv', path })
    const tested = await data.sources.test(project, 'input')
    expect(tested.found?.encoding).toBe(encoding)
    const read = await made({ kind: 'csv', path })
    expect(read.names).toEqual(['n', 'name', 'half'])
    expect(read.rows).toEqual(rows)
  })

  test('bytes that are none of the declared encoding: the place is told', async () => {
    const path = put('broken.csv', Buffer.concat([Buffer.from('a\n1\n', 'utf16le'), Buffer.from([0x00])]))
    expect(await failure(data.make({ kind: 'csv', path, encoding: 'utf-16le' }))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringMatching(/ends in the middle of a character/),
    })
  })

  test('a million columns; a field of a gigabyte', async () => {
    const wide = put('wide.csv', `${Array.from({ length: 1_000_000 }, (_, i) => `c${i}`).join(',')}\n`)
    expect(await failure(data.make({ kind: 'csv', path: wide }))).toMatchObject({
      code: 'source_unreadable',
      message: expect.stringMatching(/fields, and a table has at most 10000 columns/),
    })
    const long = put(
      'long.csv',
      Buffer.concat([Buffer.from('a,b\n1,"'), Buffer.alloc(2 ** 30, 'x'), Buffer.from('"\n')]),
    )
    const error = await failure(data.make({ kind: 'csv', path: long }))
    expect(error).toMatchObject({ code: 'source_unreadable', message: expect.stringContaining(long) })
  }, 60_000)
})

describe('files of any kind', () => {
  test('are rows with their bytes, whether few or many', async () => {
    put('any/kind=a/x.bin', Buffer.from([0, 255, 10]))
    put('any/kind=b/y.txt', 'hello')
    const source = { kind: 'files', path: join(data.folder, 'any/*/*') }
    const { names, rows } = await made(source)
    expect(names).toEqual(['path', 'bytes', 'digest', 'content', 'kind'])
    expect(rows).toEqual([
      [
        'kind=a/x.bin',
        3,
        createHash('sha256')
          .update(Buffer.from([0, 255, 10]))
          .digest('hex'),
        'AP8K',
        'a',
      ],
      ['kind=b/y.txt', 5, createHash('sha256').update('hello').digest('hex'), 'aGVsbG8=', 'b'],
    ])
    for (let i = 0; i < 300; i++) put(`any/kind=c/${String(i).padStart(3, '0')}.txt`, `text ${i}`)
    const many = await made({ ...source, path: join(data.folder, 'any/kind=c/*'), content: 'text' })
    expect(many.rows).toHaveLength(100)
    expect(many.rows[42]!.slice(0, 2)).toEqual(['042.txt', 7])
    expect(many.rows[42]![3]).toBe('text 42')
  })
})
