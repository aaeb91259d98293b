import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getFolder, isSafePath, putFolder } from '../../src/storage/blobs/folder.ts'
import { blobKinds, type OpenedStore } from './blob-kinds.ts'

const temporary = () => mkdtempSync(join(tmpdir(), 'kedge-folder-'))

describe.each(blobKinds)('folders on $kind', ({ open }) => {
  let store: OpenedStore
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())

  test('a folder comes back as it was; equal folders have equal digests', async () => {
    const from = temporary()
    mkdirSync(join(from, 'data/deep'), { recursive: true })
    writeFileSync(join(from, 'model.onnx'), 'model')
    writeFileSync(join(from, 'data/deep/größe 1.txt'), '')
    const stored = await putFolder(store.blobs, from)
    expect(Object.keys(stored.files)).toEqual(['data/deep/größe 1.txt', 'model.onnx'])
    const to = join(temporary(), 'new')
    expect(await getFolder(store.blobs, stored.digest, to)).toEqual(stored)
    expect(readFileSync(join(to, 'model.onnx'), 'utf8')).toBe('model')
    expect((await putFolder(store.blobs, to)).digest).toBe(stored.digest)
  })

  test('links and devices are refused', async () => {
    const from = temporary()
    symlinkSync('/etc/passwd', join(from, 'innocent'))
    await expect(putFolder(store.blobs, from)).rejects.toMatchObject({ code: 'path_unsafe' })
    const other = temporary()
    execFileSync('mkfifo', [join(other, 'pipe')])
    await expect(putFolder(store.blobs, other)).rejects.toMatchObject({ code: 'path_unsafe' })
  })

  test.each(['../evil', '/etc/evil', 'a/../../evil', 'a//b', '', '.', 'C:\\evil', 'a\u0000b', 'a\\..\\b'])(
    'a manifest that names %j is refused',
    async (path) => {
      const { digest, bytes } = await store.blobs.put(Buffer.from('x'))
      const manifest = await store.blobs.put(Buffer.from(JSON.stringify({ files: { [path]: { digest, bytes } } })))
      await expect(getFolder(store.blobs, manifest.digest, join(temporary(), 'f'))).rejects.toMatchObject({
        code: 'path_unsafe',
      })
    },
  )

  test('a link that waits in the target is not followed', async () => {
    const { digest, bytes } = await store.blobs.put(Buffer.from('x'))
    const outside = temporary()
    const to = temporary()
    symlinkSync(outside, join(to, 'sub'))
    const manifest = await store.blobs.put(Buffer.from(JSON.stringify({ files: { 'sub/file': { digest, bytes } } })))
    await expect(getFolder(store.blobs, manifest.digest, to)).rejects.toMatchObject({ code: 'path_unsafe' })
  })

  test('other blobs are no folder', async () => {
    const { digest } = await store.blobs.put(Buffer.from('{"files": 3}'))
    await expect(getFolder(store.blobs, digest, temporary())).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(getFolder(store.blobs, 'e'.repeat(64), temporary())).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('a safe path stays in its folder', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      if (isSafePath(path)) expect(join('/root', path).startsWith('/root/')).toBe(true)
    }),
  )
})
