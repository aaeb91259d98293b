/** What reads Parquet files, loaded with the first of them: a server starts sooner, and smaller, without it. */
export async function loadParquet() {
  const [library, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')])
  return { ...library, compressors }
}
