import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import {
  decompressBrotli,
  decompressGzip,
  decompressLz4,
  decompressLz4Raw,
  decompressZstd,
} from 'hyparquet-compressors'
import { useEffect, useState } from 'react'
import { Failure } from '../../../components/failure.tsx'
import { Lines } from '../../../components/page-skeleton.tsx'
import { SheetView } from './artifact-viewer.tsx'
import { mostRows, type Sheet } from './read-table.ts'

/** Besides Snappy, which the reader itself knows. */
const compressors = {
  GZIP: decompressGzip,
  BROTLI: decompressBrotli,
  ZSTD: (input: Uint8Array) => decompressZstd(input),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
}

/** The first rows of a Parquet file. */
export default function ParquetView({ content }: { content: ArrayBuffer }) {
  const [sheet, setSheet] = useState<Sheet>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let current = true
    readSheet(content).then(
      (read) => current && setSheet(read),
      (failure) => current && setError(failure),
    )
    return () => {
      current = false
    }
  }, [content])
  if (error) return <Failure error={error} />
  return sheet ? <SheetView sheet={sheet} /> : <Lines count={4} />
}

async function readSheet(file: ArrayBuffer): Promise<Sheet> {
  const metadata = await parquetMetadataAsync(file)
  const rows = await parquetReadObjects({
    file,
    metadata,
    compressors,
    rowStart: 0,
    rowEnd: mostRows,
  })
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return { columns, rows: rows.map((row) => columns.map((key) => row[key])), total: Number(metadata.num_rows) }
}
