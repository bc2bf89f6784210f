/** One thing that a platform needs, as it is. */
export interface Finding {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly found: string
  /** The command that mends it; absent when nothing is to mend. */
  readonly hint?: string
}
