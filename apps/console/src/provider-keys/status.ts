import type { OwnTest } from '@turnpike/contract'

export interface Tested {
  readonly disabled: boolean
  /** Its provider lives elsewhere now. */
  readonly moved?: boolean
  readonly test: OwnTest | null
}

/** What is known of a credential, by its last test. */
type CredentialStatus = 'off' | 'moved' | 'untested' | OwnTest['result']

export function statusOf({ disabled, moved = false, test }: Tested): CredentialStatus {
  if (disabled) return 'off'
  if (moved) return 'moved'
  return test?.result ?? 'untested'
}

/** Severity of each status. */
export const COLOURS = {
  off: 'default',
  moved: 'warning',
  untested: 'default',
  ok: 'success',
  refused: 'error',
  unreachable: 'warning',
  limited: 'warning',
  unknown: 'warning',
} as const satisfies Record<CredentialStatus, string>
