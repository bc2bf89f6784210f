/** How everything of one group is called on AWS, so that two groups of an account never touch each other. */
export interface Names {
  readonly group: string
  /** CloudFormation stacks, in the order in which they are made. */
  readonly networkStack: string
  readonly serviceStack: string
  readonly guardStack: string
  /** SSM parameter that holds the group's record (record.ts). */
  readonly recordParameter: string
  /** SSM parameters below this path are the group's lock (lock.ts). */
  readonly lockPath: string
  /** On every resource of the group. */
  readonly tags: Readonly<Record<string, string>>
}

/** The names of a group's resources. */
export function namesOf(group: string): Names {
  return {
    group,
    networkStack: `bakeroll-${group}-network`,
    serviceStack: `bakeroll-${group}-service`,
    guardStack: `bakeroll-${group}-guard`,
    recordParameter: `${parameterRoot}/${group}/record`,
    lockPath: `${parameterRoot}/${group}/lock`,
    tags: { [groupTag]: group },
  }
}

/** All SSM parameters of the project lie below it. */
export const parameterRoot = '/bakeroll'

/** The tag that tells to which group a resource belongs. */
export const groupTag = 'bakeroll:group'

/** Tags of an AMI; an AMI with `layer` is one of ours. */
export const imageTags = {
  /** `base` or `release`. */
  layer: 'bakeroll:layer',
  release: 'bakeroll:release',
  /** Hash of everything that went into the image (recipe.ts). */
  content: 'bakeroll:content',
  /** Hash of the base layer below. */
  base: 'bakeroll:base',
  /** The id of the AMI that the base layer was made from. */
  sourceImage: 'bakeroll:source-image',
  gitRevision: 'bakeroll:git-revision',
  /** When the image passed its test, ISO 8601; absent before. */
  verified: 'bakeroll:verified',
  /** On the builder and the test instance of one bake. */
  bake: 'bakeroll:bake',
} as const
