import { isIPv6 } from 'node:net'
import type { SecretReference, SourceEnvironment } from '../../contracts/source.ts'

export interface DatabaseLogin {
  host: string
  port: number
  user: string
  password?: SecretReference | undefined
}

/** Where a database is and as whom it is asked, as the events engine's table functions take it. Errors: `address_guarded`, `not_found`. */
export async function engineLogin(
  { host, port, user, password }: DatabaseLogin,
  { checkedHost, secret }: SourceEnvironment,
): Promise<Record<'address' | 'user' | 'password', string>> {
  const address = await checkedHost(host)
  return {
    address: `${isIPv6(address) ? `[${address}]` : address}:${port}`,
    user,
    password: password ? await secret(password) : '',
  }
}
