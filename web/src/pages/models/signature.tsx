import classes from './signature.module.css'

interface Field {
  name: string
  type: string
  required: boolean
}

/** Whatever form a signature has (MLflow's lists as text, Kedge's own objects), its fields. */
export function signatureFields(part: unknown): Field[] {
  const value = typeof part === 'string' ? parse(part) : part
  if (Array.isArray(value)) return value.map(field)
  if (value && typeof value === 'object')
    return Object.entries(value).map(([name, one]) =>
      typeof one === 'string' ? { name, type: one, required: true } : { ...field(one), name },
    )
  return []
}

function field(value: unknown, index = 0): Field {
  const one = (value ?? {}) as Record<string, unknown>
  const spec = one['tensor-spec'] as { dtype?: string; shape?: number[] } | undefined
  const type = spec ? `${spec.dtype} [${spec.shape?.join(', ')}]` : String(one.dtype ?? one.type ?? one.kind ?? '')
  return { name: String(one.name ?? `#${index + 1}`), type, required: one.required !== false }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const parts = ['inputs', 'features', 'outputs', 'output', 'params'] as const

/** What a model takes and gives, as tables. */
export function Signature({ signature }: { signature: unknown }) {
  const whole = (typeof signature === 'string' ? parse(signature) : signature) as Record<string, unknown> | null
  const tables = parts.flatMap((part) => {
    const fields = whole ? signatureFields(whole[part]) : []
    return fields.length > 0 ? [{ part, fields }] : []
  })
  if (tables.length === 0) return <pre className={classes.raw}>{JSON.stringify(whole ?? signature, null, 2)}</pre>
  return (
    <div className={classes.signature}>
      {tables.map(({ part, fields }) => (
        <table key={part}>
          <caption>{part}</caption>
          <tbody>
            {fields.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td>
                  <code>{one.type}</code> {!one.required && <span className="muted">optional</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  )
}
