/** A name without the suffix “(simulated)”, where a chip marks it or the difference does not matter. */
export function plainName(name: string): string {
  return name.replace(/ \(simulated\)$/i, '')
}
