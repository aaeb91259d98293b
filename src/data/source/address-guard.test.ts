import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAddressGuard, isPublicAddress } from './address-guard.ts'
import { createDownloads } from './download.ts'

test.each([
  '127.0.0.1', '127.8.8.8', '10.0.0.1', '172.16.5.5', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
  '::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', 'localhost', '',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false)
}) // biome-ignore format: a list

test.each(['8.8.8.8', '193.0.6.139', '2001:4860:4860::8888'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

describe('the guard', () => {
  const guard = (addresses: string[], allowHosts: string[] = []) =>
    createAddressGuard({ allowHosts, resolve: async () => addresses })

  test('refuses names with an address inside, and numbers that hide one', async () => {
    await expect(guard(['8.8.8.8', '10.0.0.1']).check('example.org')).rejects.toMatchObject({ code: 'address_guarded' })
    await expect(guard([]).check('example.org')).rejects.toMatchObject({ code: 'address_guarded' })
    // as URL parsers give them back
    for (const url of ['http://2130706433/', 'http://0x7f.1/', 'http://[::ffff:7f00:1]/', 'http://localhost./'])
      await expect(guard(['127.0.0.1']).check(new URL(url).hostname)).rejects.toMatchObject({ code: 'address_guarded' })
  })

  test('lets public and allowed hosts through', async () => {
    expect(await guard(['8.8.8.8']).check('example.org')).toBe('8.8.8.8')
    expect(await guard(['10.0.0.1'], ['warehouse.internal']).check('Warehouse.internal')).toBe('10.0.0.1')
    await expect(guard(['10.0.0.1'], ['warehouse.internal']).check('other.internal')).rejects.toMatchObject({
      code: 'address_guarded',
    })
  })
})

describe('downloads', () => {
  let url: string
  let port: number
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    if (request.url === '/inside') response.writeHead(302, { location: `http://inside.test:${port}/secret` }).end()
    else response.end('a\n1\n')
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
    url = `http://allowed.test:${port}`
  })
  afterAll(() => void server.close())
  const folder = mkdtempSync(join(tmpdir(), 'kedge-download-'))

  test('a redirect to a host inside is refused before it is called', async () => {
    const guard = createAddressGuard({ allowHosts: ['allowed.test'], resolve: async () => ['127.0.0.1'] })
    const downloads = createDownloads({ folder, guard })
    await expect(downloads.fetch(`${url}/inside`)).rejects.toMatchObject({ code: 'address_guarded' })
    expect(asked).toBe(1)
  })

  test('a name that is bound anew after the check does not matter: the checked address is called', async () => {
    let answers = 0
    const resolve = async () => (answers++ === 0 ? ['127.0.0.1'] : ['192.0.2.1'])
    const downloads = createDownloads({ folder, guard: createAddressGuard({ allowHosts: ['allowed.test'], resolve }) })
    const file = await downloads.fetch(`${url}/plain.csv`)
    expect(file.path).toMatch(/\.csv$/)
    expect(answers).toBe(1)
  })

  test('more than the limit is refused', async () => {
    const guard = createAddressGuard({ allowHosts: ['*'], resolve: async () => ['127.0.0.1'] })
    await expect(createDownloads({ folder, guard, limit: 3 }).fetch(`${url}/large`)).rejects.toMatchObject({
      code: 'too_large',
    })
  })

  test('passwords in addresses are refused', async () => {
    const guard = createAddressGuard({ allowHosts: ['*'], resolve: async () => ['127.0.0.1'] })
    await expect(
      createDownloads({ folder, guard }).fetch(`http://user:hidden@allowed.test:${port}/`),
    ).rejects.toMatchObject({ code: 'source_refused', message: expect.not.stringContaining('hidden') })
  })
})
