import { defineConfig } from 'rolldown'

/** What is bundled: our own files. Packages stay in node_modules. */
const bundled = /^(?:[./]|@turnpike\/|\0)/

/** From the root: `rolldown -c infra/migrate/rolldown.config.ts` makes `dist/migrate/main.js`. */
export default defineConfig({
  input: { main: 'infra/migrate/main.ts' },
  platform: 'node',
  tsconfig: 'tsconfig.base.json',
  external: (id) => !bundled.test(id),
  output: { dir: 'dist/migrate', format: 'esm', sourcemap: true, cleanDir: true },
})
