import { defineConfig } from 'rolldown'

/** What is bundled: our own files (relative or aliased) and the compiler's helpers. Packages stay in node_modules. */
const bundled = /^(?:[./]|@turnpike\/|@oxc-project\/runtime|\0)/

/** One configuration for every app that runs on Node: `APP=gateway rolldown -c` makes `dist/gateway/main.js`. */
const app = process.env['APP']
if (!app) throw new Error('APP names the application to build, for example APP=gateway')

export default defineConfig({
  input: { main: `apps/${app}/src/main.ts`, ...(app === 'bench' && { outage: 'apps/bench/src/outage-main.ts' }) },
  platform: 'node',
  tsconfig: 'tsconfig.base.json',
  external: (id) => !bundled.test(id),
  output: { dir: `dist/${app}`, format: 'esm', sourcemap: true, cleanDir: true },
})
