import type { Progress } from './progress.ts'

/** What a group stands on where that is more than this computer: on aws the CloudFormation stacks. */
export interface Infrastructure {
  /**
   * Works out what has to change for a group of this image and size. What it makes for that (change sets) costs nothing and
   * changes nothing; `discard` or `apply` takes it away.
   */
  plan(spec: { readonly imageId: string; readonly size: number }): Promise<InfrastructurePlan>
}

export interface InfrastructurePlan {
  /** True when nothing has to change. */
  readonly isEmpty: boolean
  /** What is added, changed, removed and replaced, and what it will cost; for people. */
  readonly lines: readonly string[]
  /** What the operator should know before saying yes: that the change would itself replace instances, say. */
  readonly warnings: readonly string[]
  /** What an unattended run refuses: wider access, the replacement of what holds state. One phrase each. */
  readonly dangers: readonly string[]
  /** Carries it out and waits for its end; throws an OperatorError that names the root cause. */
  apply(run: { readonly progress: Progress; readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Takes back what `plan` made. */
  discard(): Promise<void>
}
