import { describe, expect, test } from 'vitest'
import { createAddressGuard, isPublicAddress } from './address-guard.ts'

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
