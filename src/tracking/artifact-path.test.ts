import { posix } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { artifactPath, artifactRoot } from './artifact-path.ts'

describe('artifactPath', () => {
  it('takes plain paths as they are', () => {
    expect(artifactPath('0/run/artifacts/a b/ä %.json')).toBe('0/run/artifacts/a b/ä %.json')
    expect(artifactPath('a//b/')).toBe('a/b')
    expect(artifactPath('')).toBe('')
    expect(artifactPath('a..b/..c')).toBe('a..b/..c')
  })

  it.each([
    '..',
    '../a',
    'a/../b',
    './a',
    '/etc/passwd',
    'C:/x',
    'a\\b',
    'a\0b',
    '%2e%2e/x',
    '%252e%252e%252fx',
    'file:///etc/passwd',
    's3://bucket/x',
    '%2fetc',
  ])('refuses %j', (path) => {
    expect(() => artifactPath(path)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })

  it('never lets a path out of its root, however it is written', () => {
    const pieces = fc.constantFrom('a', '..', '.', '/', '%2e', '%2f', '%25', '\\', '//', 'C:', ' ', 'b')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
        let path: string
        try {
          path = artifactPath(list.join(''))
        } catch {
          return
        }
        let decoded = path
        for (let i = 0; i < 4; i++) {
          expect(posix.join('/root', decoded).startsWith('/root')).toBe(true)
          try {
            decoded = decodeURIComponent(decoded)
          } catch {
            break
          }
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('artifactRoot', () => {
  it('is the path of an mlflow-artifacts address', () => {
    expect(artifactRoot('mlflow-artifacts:/0/run/artifacts')).toBe('0/run/artifacts')
    expect(artifactRoot('mlflow-artifacts://host:5000/0/run')).toBe('0/run')
    expect(() => artifactRoot('mlflow-artifacts:/../x')).toThrow()
    expect(() => artifactRoot('s3://bucket/x')).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})
