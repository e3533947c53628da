/**
 * The guards of the key path and of tenants' secrets: what each is, the test that stands for it, and how it is taken out. `find` is
 * there exactly once.
 */
export const GUARDS = [
  {
    guard: 'the tag check, so that a forged key is looked up',
    file: 'libs/store/src/key-path/authenticate.test.ts',
    test: 'a key that another server signed is refused by its tag, and looked up by nobody',
    patches: [
      {
        file: 'libs/store/src/key-path/seal.ts',
        find: "  if (!timingSafeEqual(tagOf(secret, parts.signed), parts.tag)) return { kind: 'forged' }\n",
        replace: '',
      },
    ],
  },
  {
    guard: 'the arm unknown → 503, so that an outage is a wrong key',
    file: 'libs/store/src/key-path/authenticate.test.ts',
    test: 'a key that nobody could look up is no proof: 503, never 401',
    patches: [
      {
        file: 'libs/store/src/key-path/authenticate.ts',
        find: "if (looked.kind === 'unknown') throw unavailable({ cause: looked.cause })",
        replace: "if (looked.kind === 'unknown') throw invalid()",
      },
    ],
  },
  {
    guard: 'the version check of the process, so that a lower version replaces a higher one',
    file: 'libs/store/src/key-path/cache.test.ts',
    test: 'a stale copy is never replaced by a lower version',
    patches: [
      {
        file: 'libs/store/src/key-path/local-cache.ts',
        find: 'if (cached && cached.record.version > record.version) {',
        replace: 'if (cached && cached.record.version > Infinity) {',
      },
    ],
  },
  {
    guard: 'the version check of Redis, so that a late fill lowers a version',
    file: 'libs/store/src/key-path/records.db.test.ts',
    test: 'Redis keeps the higher version, whoever writes last',
    patches: [
      {
        file: 'libs/store/src/key-path/records.ts',
        find: '  if version and mark == newMark and tonumber(version) > tonumber(newVersion) then return 0 end\n',
        replace: '',
      },
    ],
  },
  {
    guard: 'the tombstone of Redis, so that a late fill brings a revoked key back',
    file: 'libs/store/src/key-path/records.db.test.ts',
    test: 'Redis keeps a tombstone, whatever a look-up that began before it writes',
    patches: [
      {
        file: 'libs/store/src/key-path/records.ts',
        find: "  if version and mark == 't' and newMark == 'c' then return 0 end\n",
        replace: '',
      },
    ],
  },
  {
    guard: 'the tombstone of the process, so that a look-up under way brings a revoked key back',
    file: 'libs/store/src/key-path/revocation.test.ts',
    test: 'a look-up that was under way when the key was revoked does not bring it back',
    patches: [{ file: 'libs/store/src/key-path/cache.ts', find: '    this.#denials.addDigest(hex)\n', replace: '' }],
  },
  {
    guard: 'the mark on a look-up that a change overtook, so that what it brings is kept',
    file: 'libs/store/src/key-path/cache.test.ts',
    test: 'a change a look-up that began before it and ends after it is not kept',
    patches: [
      {
        file: 'libs/store/src/cache/single-flight.ts',
        find: '    if (flight) flight.overtaken = true\n',
        replace: '',
      },
    ],
  },
  {
    guard: 'the shared look-up, so that each caller asks on its own',
    file: 'libs/store/src/key-path/cache.test.ts',
    test: 'a first use by a thousand callers at once is one query',
    patches: [
      {
        file: 'libs/store/src/cache/single-flight.ts',
        find: '    if (underWay) {',
        replace: '    if (underWay && key === "") {',
      },
    ],
  },
  {
    guard: 'the permits, so that a cold cache asks without bound',
    file: 'libs/store/src/key-path/cache.test.ts',
    test: 'a first use of a thousand keys takes four queries at a time, each key once',
    patches: [
      {
        file: 'libs/store/src/key-path/lookup-batch.ts',
        find: 'return this.#inFlight < PERMITS_MAX',
        replace: 'return this.#inFlight < Infinity',
      },
    ],
  },
  {
    guard: 'the single probe, so that all who wait fall on a store that has just come back',
    file: 'libs/store/src/connections/breaker.test.ts',
    test: 'sends one probe at a time, and is closed by three good ones',
    patches: [
      {
        file: 'libs/store/src/connections/breaker.ts',
        find: '    if (this.#probe) {',
        replace: '    if (this.#probe && nowMs < 0) {',
      },
    ],
  },
  {
    guard: 'the distrust of a value of Redis that was read while the key changed, so that an older version answers',
    file: 'libs/store/src/key-path/key-path.sim.test.ts',
    test: 'by name a value of Redis that was read while the key changed answers nobody',
    patches: [
      {
        file: 'libs/store/src/key-path/local-cache.ts',
        find: 'return revoked || (current && this.#ageMs(record)',
        replace: 'return revoked || (this.#ageMs(record)',
      },
    ],
  },
  {
    guard: 'the seal on values of Redis, so that whoever writes to Redis makes keys',
    file: 'libs/store/src/key-path/records.test.ts',
    test: 'a value in Redis that was altered, or sealed by a stranger, is wrong',
    patches: [
      {
        file: 'libs/store/src/key-path/seal.ts',
        find: "return timingSafeEqual(mac, Buffer.from(match[2] ?? '', 'hex')) ? text : null",
        replace: 'return mac.length > 0 ? text : null',
      },
    ],
  },
  {
    guard: 'the digest in that seal, so that one key is served as another',
    file: 'libs/store/src/key-path/records.test.ts',
    test: 'a value in Redis of another key is wrong, however well it is sealed',
    patches: [
      {
        file: 'libs/store/src/key-path/records.ts',
        find: 'sealText(secrets, placeOf(digest) + head, json)',
        replace: 'sealText(secrets, head, json)',
      },
      {
        file: 'libs/store/src/key-path/records.ts',
        find: 'openText(secrets, placeOf(digest) + head, sealed)',
        replace: 'openText(secrets, head, sealed)',
      },
    ],
  },
  {
    guard: 'the judgement of addresses, so that a tenant’s endpoint leads into the operator’s network',
    file: 'libs/server/src/egress/connect.test.ts',
    test: 'behind the guard no address is tried when one of them is not public',
    patches: [
      {
        file: 'libs/server/src/egress/connect.ts',
        find: '    if (!allow) return addresses\n',
        replace: '    if (!allow || this.target) return addresses\n',
      },
    ],
  },
  {
    guard: 'the bond of a stored credential to its host, so that it is sent wherever the provider is said to be',
    file: 'apps/gateway/src/targets/byok-target.test.ts',
    test: 'a target by a credential of the tenant a stored credential is never sent to another host than it was stored for',
    patches: [
      {
        file: 'apps/gateway/src/targets/byok-target.ts',
        find: 'if (destinationOf(provider) !== own.boundTo) throw',
        replace: 'if (destinationOf(provider) === null) throw',
      },
    ],
  },
  {
    guard: 'the rule that only the operator account is simulated, so that a tenant’s key is shown to the simulator',
    file: 'apps/gateway/src/route/simulated-provider.test.ts',
    test: 'a tenant’s own key for a simulated provider goes to the provider, never to the simulator',
    patches: [
      {
        file: 'apps/gateway/src/targets/byok-target.ts',
        find: 'const provider = listed && asReal(listed)',
        replace: 'const provider = listed',
      },
    ],
  },
  {
    guard: 'the line between play money and real addresses',
    file: 'apps/gateway/src/route/simulated-provider.test.ts',
    test: 'play money and test keys never reach a real address',
    patches: [
      {
        file: 'libs/domain/src/route/constraint.ts',
        find: "  if (!provider.simulated && !mayUseReal) return 'funds'\n",
        replace: '',
      },
    ],
  },
]
