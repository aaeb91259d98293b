import { isIPv6 } from 'node:net'

/** A database's address as the events engine's table functions take it. */
export const engineAddress = (address: string, port: number): string =>
  `${isIPv6(address) ? `[${address}]` : address}:${port}`
