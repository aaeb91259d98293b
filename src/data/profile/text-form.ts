import type { TextForm } from './profile.ts'

/** ISO 7812: every second digit from the right doubled, its digits summed, divisible by 10. */
export function isCard(text: string): boolean {
  const digits = text.replace(/[ -]/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** ISO 13616: the first four behind the rest, letters as numbers from 10, modulo 97 is 1. */
export function isIban(text: string): boolean {
  const compact = text.replace(/ /g, '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false
  let rest = 0
  for (const sign of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(sign, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

const isDate = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** In the order in which they are tried; the first that fits is the form of a text. */
const forms: [TextForm, (text: string) => boolean][] = [
  ['email', (text) => /^[\w.%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$/.test(text)],
  ['iban', isIban],
  ['card', isCard],
  ['uuid', (text) => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)],
  ['url', (text) => /^https?:\/\/\S+$/.test(text)],
  ['ipv4', (text) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)],
  ['date', isDate],
  ['phone', (text) => /^(\+|00|0|\()[\d ()./-]{6,20}$/.test(text) && text.replace(/\D/g, '').length >= 7],
  ['number', (text) => text.trim() !== '' && Number.isFinite(Number(text))],
]

/** The known form of a text; undefined for others. */
export const formOf = (text: string): TextForm | undefined => forms.find(([, fits]) => fits(text))?.[0]

/** The shape of a text: `AB-1234` is `A-9`. */
export const patternOf = (text: string): string =>
  text
    .slice(0, 100)
    .replace(/\p{L}+/gu, 'A')
    .replace(/\d+/g, '9')
    .replace(/\s+/g, ' ')
