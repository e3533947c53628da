/** Whether a target of a decision goes by an account of the tenant's own. */
export function isOwn(target: string): boolean {
  return target.includes('#')
}

/** The endpoint of a target, and the id of the tenant's own credential or endpoint; null: our account. */
export function partsOf(target: string): { readonly endpoint: string; readonly ownId: string | null } {
  const mark = target.indexOf('#')
  return mark < 0
    ? { endpoint: target, ownId: null }
    : { endpoint: target.slice(0, mark), ownId: target.slice(mark + 1) }
}

/** Whether a provider, a model or a target is in the tenant's own name space. */
export function isOwnName(name: string): boolean {
  return name.startsWith('~')
}
