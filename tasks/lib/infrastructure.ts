import type { Progress } from './progress.ts'

/** What a group depends on outside this computer: on aws, the CloudFormation stacks. */
export interface Infrastructure {
  /**
   * Works out what must change for a group of this image and size. What it creates for that (change sets) costs nothing
   * and changes nothing; `discard` or `apply` removes it.
   */
  plan(spec: { readonly imageId: string; readonly size: number }): Promise<InfrastructurePlan>
}

export interface InfrastructurePlan {
  /** True when nothing has to change. */
  readonly isEmpty: boolean
  /** Additions, changes, removals, replacements and cost, for people to read. */
  readonly lines: readonly string[]
  /** What the operator should know before confirming, e.g. that the change itself replaces instances. */
  readonly warnings: readonly string[]
  /** What an unattended run refuses: wider access, or replacing something that holds state. One phrase each. */
  readonly dangers: readonly string[]
  /** Applies the plan and waits for the end; throws an OperatorError that names the root cause. */
  apply(run: { readonly progress: Progress; readonly signal?: AbortSignal | undefined }): Promise<void>
  /** Removes what `plan` created. */
  discard(): Promise<void>
}
