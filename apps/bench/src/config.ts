/** Variables of the machine that every process inherits; all others are passed by name. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'] as const

/** The environment of this process, as far as its children may see it: the only place that reads it. */
export function inherited(): Record<string, string | undefined> {
  return Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]))
}
