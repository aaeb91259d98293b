import { useParams } from 'wouter'

/** The named parts of the page's path, decoded. */
export function useRouteParams<Name extends string>(): Record<Name, string> {
  const parameters = useParams() as Record<string, string | undefined>
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, decode(value)]])),
  ) as Record<Name, string>
}

const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
