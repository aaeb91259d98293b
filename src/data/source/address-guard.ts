import { lookup as resolveName } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { KedgeError } from '../../errors.ts'

export interface AddressGuard {
  /** An address of the host that may be called. Errors: `address_guarded`, `source_unreachable` when it has no address. */
  check(host: string): Promise<string>
}

export interface AddressGuardOptions {
  /** hosts that may be called although they are not public; `*` for all */
  allowHosts: readonly string[]
  resolve?: (host: string) => Promise<string[]>
}

/** Whether an address belongs to the public internet: not loopback, private, link-local, shared, multicast, reserved. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  let parsed = ipaddr.parse(address)
  if (parsed.kind() === 'ipv6') {
    const six = parsed as ipaddr.IPv6
    if (six.isIPv4MappedAddress()) parsed = six.toIPv4Address()
  }
  return parsed.range() === 'unicast'
}

const allAddresses = async (host: string) => (await resolveName(host, { all: true })).map(({ address }) => address)

/** Keeps calls that a declaration asks for away from what is inside: the host is resolved once, and that address is used. */
export function createAddressGuard({ allowHosts, resolve = allAddresses }: AddressGuardOptions): AddressGuard {
  const allowed = new Set(allowHosts.map((host) => host.toLowerCase()))
  return {
    async check(given) {
      const host = given
        .replace(/^\[|\]$/g, '')
        .replace(/\.$/, '')
        .toLowerCase()
      const addresses = isIP(host)
        ? [host]
        : await resolve(host).catch((cause) => {
            throw new KedgeError(
              'source_unreachable',
              { source: given, what: `the name ${host} has no address` },
              { cause },
            )
          })
      const free = allowed.has('*') || allowed.has(host)
      // one address that is not public spoils the name: which one would be used is a matter of chance
      if (addresses.length === 0 || (!free && !addresses.every(isPublicAddress)))
        throw new KedgeError('address_guarded', { host })
      return addresses[0]!
    },
  }
}
