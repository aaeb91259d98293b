import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkOnnx } from '../../src/adapters/runtimes/onnx-check/check-onnx.ts'
import { KedgeError } from '../../src/errors.ts'
import { checkFolder } from '../../src/registry/check-models.ts'
import { post, startControl, temporaryDirectory } from '../serving/stand.ts'
import { attribute, node, onnxModel, tensor } from './onnx-files.ts'

let scratch: string
let folders = 0
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kedge-onnx-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function folderWith(model: Uint8Array): Promise<string> {
  const folder = join(scratch, String(++folders))
  await mkdir(folder)
  await writeFile(join(folder, 'model.onnx'), model)
  return folder
}

const weights = Buffer.from(new Float32Array([1, 2]).buffer)
const add = (...more: Buffer[]) => [node('Add', ['X', 'w'], ['Y']), ...more]
const inside = { name: 'w', dims: [2], raw: weights }
const good = onnxModel(add(tensor(5, inside)))
const outside = (location: string, more: Record<string, string> = {}) =>
  onnxModel(add(tensor(5, { name: 'w', dims: [2], external: { location, ...more } })))

test('a good file passes, with its values in the file or beside it', async () => {
  await checkFolder({ folder: await folderWith(good), kind: 'onnx' })
  const folder = await folderWith(outside('weights/w.bin', { offset: '4', length: '8' }))
  await mkdir(join(folder, 'weights'))
  await writeFile(join(folder, 'weights/w.bin'), Buffer.concat([Buffer.alloc(4), weights]))
  await checkFolder({ folder, kind: 'onnx' })
}, 60_000)

test.each<[string, Uint8Array, string]>([
  ['no byte', Buffer.alloc(0), 'model.onnx is empty'],
  ['another file', Buffer.from('this is no model at all'), 'damaged or cut off at byte'],
  ['a file that is cut off', good.subarray(0, good.length - 9), 'damaged or cut off at byte'],
  ['no graph', Buffer.from([8, 8]), 'no ONNX model: it holds no graph'],
  ['a path with ..', outside('../../etc/passwd'), '"../../etc/passwd", which is outside its folder'],
  ['a hidden ..', outside('a/../../secret'), 'which is outside its folder'],
  ['an absolute path', outside('/etc/passwd'), '"/etc/passwd", which is outside its folder'],
  ['a path of Windows', outside('C:\\secret'), 'which is outside its folder'],
  ['a file that is not there', outside('gone.bin'), 'gone.bin, which is not in its folder'],
  ['no name of a file', onnxModel(add(tensor(5, { name: 'w', dims: [2], external: {} }))), 'does not name it'],
  ['a negative size', onnxModel(add(tensor(5, { ...inside, dims: [-2] }))), 'the impossible shape [-2]'],
  [
    'a shape beyond all memory',
    onnxModel(add(tensor(5, { ...inside, dims: [2n ** 40n, 2n ** 40n] }))),
    `which is ${2n ** 80n} elements`,
  ],
  ['a shape that its bytes do not fill', onnxModel(add(tensor(5, { ...inside, dims: [1000] }))), 'but holds 8 bytes'],
  ['an input beyond all memory', onnxModel(add(tensor(5, inside)), [2n ** 31n, 2n ** 31n]), 'the input X the shape'],
  [
    'a circle',
    onnxModel([node('Add', ['X', 'b'], ['a']), node('Add', ['a', 'X'], ['b']), node('Add', ['a', 'b'], ['Y'])]),
    'has a circle in its graph: add-a ← add-b ← add-a',
  ],
  [
    'a path with .. in an attribute',
    onnxModel([
      node('Constant', [], ['w'], attribute('value', { name: 'w', dims: [2], external: { location: '../w' } })),
      ...add(),
    ]),
    'which is outside its folder',
  ],
])('refuses %s', async (_, model, why) => {
  const folder = await folderWith(model)
  const error = await checkOnnx(folder).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(KedgeError)
  expect(error.code).toBe('model_unloadable')
  expect(error.message).toContain(why)
})

test('refuses links, files that are too short, offsets that are no numbers, more bytes than there may be', async () => {
  const linked = await folderWith(outside('w.bin'))
  await symlink('/etc/hostname', join(linked, 'w.bin'))
  await expect(checkOnnx(linked)).rejects.toThrow('is a link and could lead outside its folder')
  const throughFolder = await folderWith(outside('etc/hostname'))
  await symlink('/etc', join(throughFolder, 'etc'))
  await expect(checkOnnx(throughFolder)).rejects.toThrow('is a link')
  const short = await folderWith(outside('w.bin', { offset: '4' }))
  await writeFile(join(short, 'w.bin'), weights)
  await expect(checkOnnx(short)).rejects.toThrow('wants bytes 4 to 12 of w.bin')
  const wrong = await folderWith(outside('w.bin', { offset: '-1' }))
  await writeFile(join(wrong, 'w.bin'), weights)
  await expect(checkOnnx(wrong)).rejects.toThrow('the impossible offset "-1"')
  await expect(checkOnnx(await folderWith(good), 50)).rejects.toThrow('more than the limit of 50')
})

test('whatever is changed in a file, it is refused by a reason or passes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      async (changes) => {
        const model = Buffer.from(good)
        for (const [at, byte] of changes) model[at] = byte
        const folder = await folderWith(model)
        const error = await checkOnnx(folder).catch((thrown) => thrown)
        expect(error === undefined || (error instanceof KedgeError && error.code === 'model_unloadable')).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('what takes too much memory or time when it is loaded ends in the process that looks at it', async () => {
  // a gibibyte that takes no space on the disk
  const folder = await folderWith(
    onnxModel([
      tensor(5, { name: 'w', dims: [2 ** 28], external: { location: 'w.bin' } }),
      node('ReduceMax', ['w'], ['most']),
      node('Add', ['X', 'most'], ['Y']),
    ]),
  )
  await writeFile(join(folder, 'w.bin'), '')
  await truncate(join(folder, 'w.bin'), 2 ** 30)
  await expect(checkFolder({ folder, kind: 'onnx' }, { memory: 2 ** 29 })).rejects.toMatchObject({
    code: 'model_unloadable',
    message: expect.stringMatching(/takes more than 512 MiB|alloc|memory/),
  })
  await expect(checkFolder({ folder: await folderWith(good), kind: 'onnx' }, { time: 1 })).rejects.toThrow(
    'loading it takes longer than 0.001 s',
  )
  await expect(
    checkFolder({ folder: await folderWith(good), kind: 'onnx' }, { memory: 2 ** 20 }),
  ).rejects.toMatchObject({ code: 'model_unloadable' })
}, 60_000)

test('it is refused where it is registered, and nothing is kept', async () => {
  const directory = await temporaryDirectory()
  const control = await startControl(`${directory.path}/control`)
  try {
    const { digest } = await control.environment.blobs.put(outside('/etc/passwd'))
    const answer = await post(`${control.address}/api/v1/projects/default/deploy`, {
      name: 'bad',
      files: { 'model.onnx': digest },
    })
    expect(answer.status).toBe(400)
    expect((answer.body as { error: { code: string; message: string } }).error).toMatchObject({
      code: 'model_unloadable',
      message: expect.stringContaining('"/etc/passwd", which is outside its folder'),
    })
    expect(await control.registry.versions.list('default', 'bad')).toEqual([])
  } finally {
    await control.stop()
    await directory.remove()
  }
}, 60_000)
