import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'kedge-directory-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

test('makes what is missing, and takes what is there', () => {
  makeDirectory(join(root, 'a/b/c'), 0o700)
  expect(statSync(join(root, 'a/b/c')).mode & 0o777).toBe(0o700)
  makeDirectory(join(root, 'a/b'))
  symlinkSync(join(root, 'a'), join(root, 'link'))
  makeDirectory(join(root, 'link/d'))
  expect(statSync(join(root, 'a/d')).isDirectory()).toBe(true)
})

test('says what is in the way', () => {
  writeFileSync(join(root, 'file'), '')
  mkdirSync(join(root, 'folder'))
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'))
  for (const [path, why] of [
    ['file', `${join(root, 'file')} is a file`],
    ['file/inside', `${join(root, 'file')}/inside: ENOTDIR`],
    ['dangling/inside', `${join(root, 'dangling')}: EEXIST`],
    [`folder/${'x'.repeat(300)}`, 'ENAMETOOLONG'],
  ] as const)
    expect(() => makeDirectory(join(root, path))).toThrow(
      expect.objectContaining({ code: 'folder_unusable', message: expect.stringContaining(why) }),
    )
})
