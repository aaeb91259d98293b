import { describe, expect, it } from 'vitest'
import { KedgeError } from '../errors.ts'
import { checkLockFile } from './lock-file.ts'

describe('checkLockFile', () => {
  it('takes exact versions with markers, extras, comments and hashes over several lines', () => {
    const text = [
      '# made by a tool',
      '',
      'numpy==2.0.2 ; python_version < "3.10" \\',
      '    --hash=sha256:aa \\',
      '    --hash=sha256:bb',
      '    # via pandas',
      'uvicorn[standard]==0.30.1 --hash=sha256:cc  # web',
    ].join('\n')
    expect(checkLockFile('a.lock', text)).toEqual({ hashed: true })
    expect(checkLockFile('a.lock', 'six==1.16.0\n')).toEqual({ hashed: false })
    expect(checkLockFile('a.lock', '')).toEqual({ hashed: false })
  })

  it('names every line that is not exact', () => {
    const text =
      'six\nnumpy==2.0.2\npandas>=2\n-r other.txt\n--index-url https://example.org/simple\ngit+https://example.org/x.git\n'
    let error: unknown
    try {
      checkLockFile('b.lock', text)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(KedgeError)
    expect((error as KedgeError).places.map((place) => place.where)).toEqual([
      'b.lock:1',
      'b.lock:3',
      'b.lock:4',
      'b.lock:5',
      'b.lock:6',
    ])
  })
})
