import { cut, traceLimits } from './limits.ts'
import { plainValue, type SpanValue } from './span-value.ts'

type Message = { role: unknown; content: unknown }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isMessage = (value: unknown): value is Message => isObject(value) && 'role' in value && 'content' in value

/** What a trace was asked or answered, in one short text: of a chat its last message, otherwise all of it as JSON. */
export function preview(value: SpanValue | undefined, role: 'user' | 'assistant'): string | null {
  if (value === undefined || value === null) return null
  const plain = plainValue(value)
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain)
  return cut(chatText(typeof plain === 'string' ? parsed(plain) : plain, role) || text, traceLimits.preview)
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function chatText(value: unknown, role: string): string | undefined {
  const messages = chatMessages(value)
  const message = messages?.findLast((one) => one.role === role) ?? messages?.at(-1)
  if (!message) return undefined
  if (typeof message.content === 'string') return message.content
  if (!Array.isArray(message.content)) return undefined
  for (const part of message.content) {
    if (typeof part === 'string') return part
    if (isObject(part) && (part.type === 'text' || part.type === 'output_text') && typeof part.text === 'string')
      return part.text
  }
  return undefined
}

/** The forms in which chats are asked and answered: messages, choices, input, output. */
function chatMessages(value: unknown): Message[] | undefined {
  if (!isObject(value)) return undefined
  if (Array.isArray(value.messages)) return value.messages.filter(isMessage)
  const first = Array.isArray(value.choices) ? value.choices[0] : undefined
  if (isObject(first) && isMessage(first.message)) return [first.message]
  for (const list of [value.input, value.output]) if (Array.isArray(list)) return list.filter(isMessage)
  return isObject(value.request) ? chatMessages(value.request) : undefined
}
