/**
 * The floor plan as checks: who may import whom, and which package may be imported where.
 * `libs/testkit/src/floor-plan.test.ts` proves that every rule named here bites.
 */

/** Files that only ever run in tests. */
const TESTS = String.raw`\.(test|spec|contract|fixture)\.tsx?$|^(apps|libs)/[^/]+/(src/)?(test|e2e|faults)/`

/** What each app may take from the libs. The test kit is not in the table: a rule of its own keeps it to tests. */
const TABLE = {
  gateway: ['domain', 'providers', 'store', 'server'],
  control: ['domain', 'providers', 'store', 'billing', 'contract', 'server'],
  worker: ['domain', 'providers', 'store', 'billing', 'server'],
  console: ['domain', 'contract'],
  simulator: ['server'],
}

/** The closed lists of the domain: words without code, which every app may take. */
const DOMAIN_LISTS = String.raw`^libs/domain/src/lists\.ts$`

const ADAPTERS = 'providers|store|billing|contract|server'

/** Folders of the gateway, as rules among them: steps of a call meet in `serve.ts` and nowhere else. */
const GATEWAY = [
  {
    name: 'gateway-call-reaches-no-step',
    comment: 'A call and its progress are what all steps know; they know no upstream, no HTTP and no dialect.',
    from: { path: '^apps/gateway/src/call/', pathNot: TESTS },
    to: { path: '^apps/gateway/src/(connect|http|api)/' },
  },
  {
    name: 'gateway-connect-speaks-to-providers-only',
    comment: 'How a call came in makes no difference to where and how it goes out.',
    from: { path: '^apps/gateway/src/connect/', pathNot: TESTS },
    to: { path: '^apps/gateway/src/(http|api)/' },
  },
  {
    name: 'gateway-dialects-keep-apart',
    comment: 'What inbound dialects share is in api/inference, which knows none of them.',
    from: { path: '^apps/gateway/src/api/([^/]+)/', pathNot: TESTS },
    to: { path: '^apps/gateway/src/api/', pathNot: '^apps/gateway/src/api/($1|inference)/' },
  },
  {
    name: 'gateway-is-wired-in-one-place',
    comment:
      'gateway.ts makes every object. The process, the controllers and what opens their calls may hold the result.',
    from: {
      path: '^apps/gateway/src/',
      pathNot: String.raw`${TESTS}|/(main|gateway\.module|api/inference/open-call)\.ts$|\.controller\.ts$`,
    },
    to: { path: String.raw`^apps/gateway/src/gateway\.ts$` },
  },
]

/** Packages that have one home. */
const HOMES = [
  {
    name: 'nest-stays-at-the-rim',
    comment: 'Nest is imported where requests enter; everything inward is plain TypeScript and can be tested as such.',
    packages: '@nestjs/',
    home: String.raw`(^|/)main\.ts$|\.(module|controller|decorator|filter)\.ts$`,
  },
  {
    name: 'undici-is-egress-only',
    comment: 'One way out, so that no call to the outside escapes the address guard and the deadlines.',
    packages: 'undici/',
    // The floor of the benchmark is what the product is measured against, so it may not use the product's own egress.
    home: '^(libs/server/src/egress/egress|apps/bench/src/floor)\\.ts$',
  },
  {
    name: 'databases-are-behind-the-store',
    comment:
      'Prisma, pg, ioredis, its rate limiter and the job queue are known to libs/store alone; it returns domain types.',
    // What prisma/seed lists is no database.
    packages: String.raw`(@prisma|\.prisma|prisma(?!/seed/)|pg|@types/pg|ioredis|rate-limiter-flexible|graphile-worker)/`,
    home: String.raw`^(libs/store/|tools/|prisma/|prisma\.config\.ts$)`,
  },
  {
    name: 'stripe-is-behind-billing',
    comment: 'The gateway cannot reach Stripe, not even by accident.',
    packages: 'stripe/',
    home: '^libs/billing/',
  },
  {
    name: 'react-is-the-consoles',
    comment: 'Nothing that runs on a server loads a user interface.',
    packages: '(react|react-dom|react-router-dom|react-admin|ra-[^/]+|@mui/[^/]+|@emotion/[^/]+|@tanstack/[^/]+)/',
    home: '^apps/console/',
  },
]

const plan = [
  { name: 'no-cycles', comment: 'Arrows point down.', from: {}, to: { circular: true } },
  {
    name: 'domain-imports-nothing',
    comment: 'The rules are pure: no package, no builtin, no other lib. Its tests may use what tests use.',
    from: { path: '^libs/domain/', pathNot: TESTS },
    to: { pathNot: '^libs/domain/' },
  },
  ...Object.entries(TABLE).map(([app, libs]) => ({
    name: `${app}-keeps-to-its-row`,
    comment: `apps/${app} may import ${libs.join(', ')} and no other lib.`,
    from: { path: `^apps/${app}/` },
    to: { path: '^libs/', pathNot: `^libs/(${[...libs, 'testkit'].join('|')})/|${DOMAIN_LISTS}` },
  })),
  {
    name: 'console-takes-only-types-from-domain',
    comment: 'The browser is sent no routing and no pricing code. The closed lists are words, which it may have.',
    from: { path: '^apps/console/' },
    to: { path: '^libs/domain/', pathNot: DOMAIN_LISTS, dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'lists-reach-no-package',
    comment:
      'Lists are an entry of their own so that a browser can load them without zod: neither they nor their imports need a package.',
    from: { path: String.raw`^libs/[^/]+/src/lists\.ts$` },
    to: { path: 'node_modules/', reachable: true },
  },
  {
    name: 'browser-code-has-no-node',
    comment: 'What a browser loads cannot use builtins of Node.',
    from: { path: '^(apps/console|libs/contract)/src/', pathNot: TESTS },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'adapters-know-only-the-domain',
    comment: 'An adapter hides one outside thing and cannot reach its neighbour.',
    from: { path: `^libs/(${ADAPTERS})/` },
    to: { path: '^libs/', pathNot: '^libs/($1|domain|testkit)/' },
  },
  {
    name: 'testkit-knows-store-and-domain',
    from: { path: '^libs/testkit/' },
    to: { path: '^libs/', pathNot: '^libs/(testkit|store|domain)/' },
  },
  {
    name: 'testkit-is-for-tests',
    comment: 'Nothing that ships may depend on the test kit. Benchmarks do not ship.',
    from: { pathNot: `${TESTS}|^libs/testkit/|^apps/bench/` },
    to: { path: '^libs/testkit/' },
  },
  {
    name: 'apps-are-not-imported',
    comment: 'Processes meet over sockets. Only standalone and bench put several into one tree.',
    from: { path: '^([^/]+/[^/]+)/', pathNot: '^apps/(standalone|bench)/' },
    to: { path: '^apps/', pathNot: '^$1/' },
  },
  {
    name: 'libs-are-entered-by-their-index',
    comment: 'What a lib does not export it may change.',
    from: { path: '^([^/]+/[^/]+)/' },
    to: { path: '^libs/', pathNot: String.raw`^($1/|libs/[^/]+/src/(index|lists)\.ts$)` },
  },
  {
    name: 'libs-are-named-by-their-alias',
    comment: '`@turnpike/domain`, never a path that climbs out of the folder.',
    from: { path: '^([^/]+/[^/]+)/' },
    to: { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased'] },
  },
  ...GATEWAY,
  ...HOMES.map(({ name, comment, packages, home }) => ({
    name,
    comment,
    from: { pathNot: home },
    to: { path: `^(node_modules/)?${packages}` },
  })),
  {
    name: 'production-has-no-dev-dependency',
    comment: 'The image is installed without them. The console is bundled; simulator, standalone and bench never ship.',
    from: { path: '^(apps/(gateway|control|worker)|libs)/', pathNot: `${TESTS}|^libs/testkit/` },
    to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
  },
  {
    name: 'packages-are-declared',
    comment: 'A package that comes only with another one disappears when that one changes its mind.',
    from: {},
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  { name: 'imports-resolve', from: {}, to: { couldNotResolve: true } },
]

module.exports = {
  forbidden: plan.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^libs/store/src/generated/|^dist/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    // Imports of types count too: knowing another floor's types is knowing that floor.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
