import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const outDir = join(import.meta.dirname, 'dist')

/** Writes `.br` and `.gz` beside each text file, so that the server compresses nothing while it serves. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async closeBundle() {
      const files = await readdir(outDir, { recursive: true })
      await Promise.all(
        files
          .filter((file) => /\.(js|css|html|svg)$/.test(file))
          .map(async (file) => {
            const path = join(outDir, file)
            const content = await readFile(path)
            if (content.length < 1024) return
            const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
            await writeFile(`${path}.br`, await promisify(brotliCompress)(content, quality))
            await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 8 }))
          }),
      )
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), precompress()],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    // a data: URL would need a wider content security policy
    assetsInlineLimit: 0,
    rolldownOptions: {
      // its table of all codecs compiles WebAssembly when it is read, which the content security policy forbids
      treeshake: { moduleSideEffects: (id) => !id.includes('/hyparquet-compressors/') },
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'react',
              test: /node_modules\/(react|react-dom|scheduler|wouter|@tanstack\/(query-core|react-query))\//,
            },
            { name: 'kit', test: /web\/src\/(components|format|api)\// },
            { name: 'mantine', test: /node_modules\/(@mantine|@floating-ui)\// },
            { name: 'graph', test: /node_modules\/(@xyflow|@dagrejs|d3-[a-z]+)\// },
            { name: 'plot', test: /node_modules\/uplot\// },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': process.env.KEDGE_URL ?? 'http://127.0.0.1:4700' } },
})
