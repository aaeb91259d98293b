import { z } from 'zod'
import { addressParts } from '../../contracts/file-place.ts'
import { places } from '../places/index.generated.ts'

const forms = places.map(({ form }) => form).join(', ')
const placeOf = (url: string) => {
  const scheme = addressParts(url)?.scheme
  return places.find((place) => scheme !== undefined && place.schemes.includes(scheme))
}

const url = z
  .string()
  .max(4000)
  .refine((value) => placeOf(value) !== undefined, { message: `is an address as ${forms}` })
  .optional()

/** Every field that some place has, of which an address may use those of its own place. */
const fields: Record<string, z.ZodType> = {}
for (const { access, schemes } of places)
  for (const [name, field] of Object.entries(access)) {
    const { description } = field.meta() ?? {}
    fields[name] ??= field
      .optional()
      .meta({ description: `${schemes.join(', ')}${description ? `: ${description}` : ''}` })
  }
const access = z
  .strictObject(fields)
  .optional()
  .meta({ description: 'how the place behind url lets in; secrets by the names under which they are stored' })

const member = z
  .string()
  .min(1)
  .max(1000)
  .optional()
  .meta({ description: 'of a ZIP file: the file in it, or a pattern over many' })

const removed = z
  .enum(['drop', 'keep'])
  .default('drop')
  .meta({ description: 'rows of files that are gone, in datasets of mode incremental' })

/** Where a file is: exactly one of a path on the server and an address. */
const fileLocation = {
  path: z.string().min(1).optional().meta({ description: 'file on the server' }),
  url: url.meta({ description: `address of a file: ${forms}` }),
  access,
  member,
}
/** The same for kinds that read many files at once. */
const filesLocation = {
  ...fileLocation,
  path: fileLocation.path.meta({
    description:
      'file on the server, or a pattern over many: * and ? within a name, ** for folders, {a,b}; folders called year=2001 become columns',
  }),
  url: url.meta({ description: `address of a file, or a pattern over many as in path (not over http): ${forms}` }),
  removed,
}

type Location = { path?: string | undefined; url?: string | undefined; access?: Record<string, unknown> | undefined }

function checkLocation(context: z.core.ParsePayload<Location>) {
  const { path, url, access } = context.value
  const wrong = (message: string, at: string[] = []) =>
    context.issues.push({ code: 'custom', input: context.value, message, path: at })
  if ((path === undefined) === (url === undefined)) wrong('needs exactly one of path and url')
  if (!url) {
    if (access) wrong('belongs to a url', ['access'])
    return
  }
  const place = placeOf(url)
  if (!place) return
  const parsed = z.strictObject(place.access).safeParse(access ?? {})
  for (const issue of parsed.error?.issues ?? [])
    wrong(`${issue.message} (for ${place.form})`, ['access', ...issue.path.map(String)])
}

/** The schema of a kind of source that reads one file, wherever it is; with `many`, a pattern over many. */
export const fileSource = <Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  shape: Shape,
  { many }: { many: boolean },
) =>
  z
    .strictObject({ kind: z.literal(kind), ...(many ? filesLocation : fileLocation), ...shape })
    .check((context) => checkLocation(context as never))

/** Where a second file is, such as the description of the first. */
export const sideFile = {
  path: z.strictObject({ path: z.string().min(1) }),
  url: z.strictObject({ url: fileLocation.url.unwrap(), access }).check((context) => checkLocation(context as never)),
}
