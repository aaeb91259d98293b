import type { TextForm } from './profile.ts'

const ofForm: Partial<Record<TextForm, string>> = {
  email: 'e-mail address',
  phone: 'telephone number',
  iban: 'bank account',
  card: 'payment card',
}

/** Names of columns that say what is in them, in several languages; compared without case and signs. */
const ofHeader: [string, RegExp][] = [
  ['name', /^(first|last|full|sur|given|family|middle|maiden|user|customer|patient|person|contact|nick|vor|nach|familien|kunden|benutzer)[ _-]*names?$|^(name|nom|prenom|apellidos?|nombre|cognome|nome|vorname|nachname|surname|forename)$/],
  ['e-mail address', /^(e-?mail|mail|courriel|correo)([ _-]*(address|adresse))?$/],
  ['telephone number', /^(tele)?(phone|fon|mobile|handy|cell|fax|tel|telefono|telefon)([ _-]*(number|nr|no|nummer))?$/],
  ['address', /^(street|strasse|straße|address|adresse|direccion|indirizzo|postal[ _-]*address|home[ _-]*address|house[ _-]*(number|no)|hausnummer)([ _-]*(line)?[ _-]*\d)?$/],
  ['postcode', /^(zip([ _-]*code)?|post(al)?[ _-]*code|plz|postleitzahl|cap)$/],
  ['date of birth', /^((date|day)[ _-]*of[ _-]*birth|birth[ _-]*(date|day)|dob|geburts(datum|tag)|geb[ _-]*datum)$/],
  ['identity number', /^(ssn|social[ _-]*security.*|national[ _-]*id|passport.*|tax[ _-]*(id|no|number)|steuer.*(id|nummer)|personal[ _-]*(nr|nummer)|nino|dni|cpf)$/],
  ['bank account', /^(iban|bic|account[ _-]*(no|number)|konto.*)$/],
  ['payment card', /^((credit|debit|payment)?[ _-]*card[ _-]*(no|number)|pan|cvv|cvc)$/],
  ['location', /^(lat|latitude|lon|lng|longitude|gps.*|geo[ _-]*(location|point))$/],
  ['network address', /^(ip([ _-]*addr(ess)?)?|mac[ _-]*addr(ess)?)$/],
  ['special category', /^(gender|sex|race|ethnicity|ethnic[ _-]*group|religion|nationality|disability|diagnosis|health.*|blood[ _-]*type|sexual[ _-]*orientation|union[ _-]*member.*|political.*)$/],
] // biome-ignore format: a table

/** Why a column may hold data about people: by the form of its values, or by its name. */
export function sensitiveColumn(
  name: string,
  form: { is: TextForm; share: number } | null,
): { kind: string; why: string } | null {
  const kind = form && ofForm[form.is]
  if (kind) return { kind, why: `${(form.share * 100).toFixed(0)} % of the values have the form of one` }
  const header = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .trim()
  const found = ofHeader.find(([, pattern]) => pattern.test(header))
  return found ? { kind: found[0], why: `the column is called ${name}` } : null
}
