import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

/** Where and what was measured. */
interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  /** UTC, `yyyy-mm-dd`. */
  readonly date: string
  /** Null outside a working copy. */
  readonly commit: string | null
}

export function machine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown processor',
    cores: cores.length,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(),
  }
}

/** The same for people. */
export function machineLine({ cpu, cores, node, date, commit }: Machine): string {
  return `${cpu}, ${cores} cores, Node ${node}, ${date}, commit ${commit ?? 'unknown'}`
}

function commitOf(): string | null {
  try {
    const printed = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' })
    return printed.trim()
  } catch {
    // No working copy or no git: the figures stand without a commit.
    return null
  }
}
