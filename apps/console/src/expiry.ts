import { useSyncExternalStore } from 'react'

/** The session of this tab has ended while somebody worked in it. */
interface Expiry {
  readonly signedIn: Promise<boolean>
  readonly settle: (signedIn: boolean) => void
}

/** Between the end of a session and the next sign-in: calls that were refused wait, so that nothing typed is lost. */
export class SessionExpiry {
  #expiry: Expiry | null = null
  readonly #watchers = new Set<() => void>()

  readonly isExpired = (): boolean => this.#expiry !== null

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Resolves with true once the same person has signed in again, with false once the person gave up. */
  begin(): Promise<boolean> {
    if (!this.#expiry) {
      let settle: (signedIn: boolean) => void = () => undefined
      const signedIn = new Promise<boolean>((resolve) => (settle = resolve))
      this.#expiry = { signedIn, settle }
      this.#tell()
    }
    return this.#expiry.signedIn
  }

  /** Ends the wait of every call. */
  settle(signedIn: boolean): void {
    this.#expiry?.settle(signedIn)
    this.#expiry = null
    this.#tell()
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

export const sessionExpiry = new SessionExpiry()

/** Whether the session has ended and a sign-in is awaited. */
export function useIsExpired(): boolean {
  return useSyncExternalStore(sessionExpiry.watch, sessionExpiry.isExpired)
}
