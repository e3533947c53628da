/** What the console remembers on this device: looks, language, and whether somebody signed in. Never a secret. */
type Remembered = 'theme' | 'locale' | 'arrived' | 'session'

/** Reads a remembered choice; null when there is none or the browser keeps nothing. */
export function remembered(name: Remembered): string | null {
  try {
    return localStorage.getItem(`turnpike.${name}`)
  } catch {
    // Storage can be forbidden by the browser. A choice then lasts until the tab closes, which is no fault.
    return null
  }
}

/** Remembers a choice, where the browser allows it. */
export function remember(name: Remembered, value: string): void {
  try {
    localStorage.setItem(`turnpike.${name}`, value)
  } catch {
    // As above: nothing depends on it.
  }
}
