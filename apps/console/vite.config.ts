import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
