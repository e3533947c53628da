import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Smaller files fit one packet either way. */
const COMPRESSED_BYTES_MIN = 1_400

/** Leaves `.gz` beside each file that gains by it: the control plane sends that one to browsers that take it. */
const compress: Plugin = {
  name: 'compress',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      const text = file.type === 'chunk' ? file.code : file.source
      if (!/\.(?:js|css|svg|json)$/.test(file.fileName) || text.length < COMPRESSED_BYTES_MIN) continue
      this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(text) })
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
    // What three pages need is one file: dozens of small ones each pack worse, some 20 kB more in all, and are as many requests.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 3 }] } } },
  },
  server: { proxy: { '/console': 'http://127.0.0.1:4001' } },
})
