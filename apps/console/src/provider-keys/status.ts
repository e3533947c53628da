import type { OwnTest } from '@turnpike/contract'

export interface Tested {
  readonly disabled: boolean
  /** Its provider lives elsewhere now. */
  readonly moved?: boolean
  /** A key whose secret has passed no test: no request uses it. */
  readonly awaitsTest?: boolean
  readonly test: OwnTest | null
}

/** What is known of a credential, by its last test. */
type CredentialStatus = 'off' | 'moved' | 'inactive' | 'untested' | OwnTest['result']

export function statusOf({ disabled, moved = false, awaitsTest = false, test }: Tested): CredentialStatus {
  if (disabled) return 'off'
  if (moved) return 'moved'
  if (awaitsTest) return 'inactive'
  return test?.result ?? 'untested'
}

/** Severity of each status. */
export const COLOURS = {
  off: 'default',
  moved: 'warning',
  inactive: 'error',
  untested: 'default',
  ok: 'success',
  refused: 'error',
  unreachable: 'warning',
  limited: 'warning',
  unknown: 'warning',
} as const satisfies Record<CredentialStatus, string>
