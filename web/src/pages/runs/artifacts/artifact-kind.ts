export type ArtifactKind = 'image' | 'json' | 'csv' | 'parquet' | 'markdown' | 'model' | 'text' | 'binary'

const images: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  bmp: 'image/bmp',
}
const texts =
  /^(txt|log|py|r|java|scala|sh|sql|js|ts|yaml|yml|toml|ini|cfg|conf|env|lock|diff|patch|xml|html?|css|tex|ipynb|properties|requirements|dockerfile|gitignore)$/

const extension = (path: string) => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
}

/** How a file is shown, told by its name. */
export function artifactKind(path: string): ArtifactKind {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const end = extension(path)
  if (name === 'MLmodel') return 'model'
  if (Object.hasOwn(images, end)) return 'image'
  if (end === 'json' || end === 'jsonl') return 'json'
  if (end === 'csv' || end === 'tsv') return 'csv'
  if (end === 'parquet') return 'parquet'
  if (end === 'md' || end === 'markdown') return 'markdown'
  if (texts.test(end) || /^(requirements|README|LICENSE|Dockerfile|Makefile)/.test(name)) return 'text'
  return 'binary'
}

export const imageType = (path: string) => images[extension(path)] ?? 'application/octet-stream'
