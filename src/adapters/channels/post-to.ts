import { isIP } from 'node:net'
import { Agent, fetch } from 'undici'
import { z } from 'zod'
import type { ChannelEnvironment, DeliveryOutcome } from '../../contracts/channel.ts'
import type { SecretReference } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'

const address = z.url({ protocol: /^https?$/ })
const patience = 10_000
const mostOfAnswer = 2000

/** The connection goes to the address that was checked, whatever the name says then. */
const agentTo = (ip: string) =>
  new Agent({
    headersTimeout: patience,
    bodyTimeout: patience,
    connect: {
      timeout: patience,
      lookup: (_, options, done) =>
        options.all ? done(null, [{ address: ip, family: isIP(ip) }]) : done(null, ip, isIP(ip)),
    },
  })

/** POSTs JSON to an address, or to the secret that holds it, after the guard; redirects are not followed. */
export async function postTo(
  given: string | SecretReference,
  { checkedHost, secret, signal }: ChannelEnvironment,
  message: () => Promise<{ headers: Record<string, string>; body: string }>,
): Promise<DeliveryOutcome> {
  let agent: Agent | undefined
  try {
    const url = new URL(typeof given === 'string' ? given : address.parse(await secret(given)))
    agent = agentTo(await checkedHost(url.hostname))
    const { headers, body } = await message()
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      dispatcher: agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience * 2)]),
      headers: { 'content-type': 'application/json', 'user-agent': 'kedge', ...headers },
      body,
    })
    const { status } = response
    const text = await beginning(response.body)
    const told = { status, ...(text === '' ? {} : { answer: text }) }
    if (status >= 200 && status < 300) return { delivered: true, ...told }
    if (status >= 300 && status < 400)
      return {
        delivered: false,
        ...told,
        again: false,
        reason: `it redirects (status ${status}), which is not followed`,
      }
    return { delivered: false, ...told, again: status !== 410, reason: `it answers with status ${status}` }
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof z.ZodError)
      return { delivered: false, again: false, reason: 'the secret with its address holds no http or https address' }
    if (error instanceof KedgeError)
      return { delivered: false, again: error.class === 'unavailable', reason: `${error.message}. ${error.todo}` }
    const cause = (error as { cause?: { code?: string } } | null)?.cause
    return {
      delivered: false,
      reason:
        cause?.code ??
        ((error as Error).name === 'TimeoutError' ? 'it did not answer in time' : 'the connection failed'),
    }
  } finally {
    await agent?.destroy()
  }
}

/** The first characters of an answer; the rest is not read. */
async function beginning(body: Awaited<ReturnType<typeof fetch>>['body']): Promise<string> {
  if (!body) return ''
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of body) {
    text += decoder.decode(piece as Uint8Array, { stream: true })
    if (text.length >= mostOfAnswer) break
  }
  return text.slice(0, mostOfAnswer)
}
