import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Smaller files fit one packet either way. */
const COMPRESSED_BYTES_MIN = 1_400

/**
 * Writes `.gz` beside each file that gains by it, for the control plane to send. It reads what was written, since other
 * plugins change chunks until then.
 */
const compress: Plugin = {
  name: 'compress',
  async writeBundle({ dir = '' }, bundle) {
    for (const name of Object.keys(bundle)) {
      const file = path.join(dir, name)
      const bytes = await readFile(file)
      if (!/\.(?:js|css|svg|json)$/.test(name) || bytes.length < COMPRESSED_BYTES_MIN) continue
      await writeFile(`${file}.gz`, gzipSync(bytes))
    }
  },
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compress],
  resolve: { tsconfigPaths: true },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    sourcemap: false,
    // The content policy forbids data addresses for scripts, and an inlined file cannot be cached.
    assetsInlineLimit: 0,
    // The real budgets are held by src/budget.test.ts, in gzipped bytes.
    chunkSizeWarningLimit: 1500,
    // What three pages need is one file: dozens of small ones are as many requests and 20 kB more in all.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 3 }] } } },
  },
  server: { proxy: { '/console': 'http://127.0.0.1:4001' } },
})
